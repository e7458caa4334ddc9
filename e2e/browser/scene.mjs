// An account in the middle of its life: healthy, failing, disabled, held, paused and off endpoints, with a history.

import { eventually, receiver } from './stage.mjs';

const SAMPLE = { leadId: 'clx1', name: 'John Doe', email: 'john@example.com', score: 42.5, tags: ['new', 'eu'], vip: false, note: null };

/** Makes it, and says which endpoint is which. */
export async function accountInLife(stage) {
  const healthy = await receiver(() => ({ status: 200, body: 'thanks' }));
  const shaky = await receiver((_, count) => (count % 3 === 0 ? { status: 500, headers: { 'content-type': 'text/plain' }, body: 'Internal error' } : 204));
  const down = await receiver(() => ({ status: 503, body: 'database is locked' }));
  const busy = await receiver(() => ({ status: 429, headers: { 'retry-after': '600' }, body: 'slow down' }));
  const made = {
    healthy: await stage.endpoint(healthy.url('/crm'), ['lead.captured', 'ticket.created'], { description: 'CRM' }),
    shaky: await stage.endpoint(shaky.url('/slack'), ['lead.captured'], { description: 'Slack alerts' }),
    down: await stage.endpoint(down.url('/billing'), ['lead.captured'], { description: 'Old billing hook' }),
    busy: await stage.endpoint(busy.url('/zapier'), ['lead.captured'], { description: 'Zapier: new leads' }),
    paused: await stage.endpoint(healthy.url('/erp'), ['ticket.created'], { description: 'ERP' }),
    off: await stage.endpoint(healthy.url('/old'), ['*'], { description: 'Not used any more' }),
  };
  await stage.call('PATCH', `/api/webhooks-config/${made.paused.id}`, { state: 'paused' });
  await stage.call('PATCH', `/api/webhooks-config/${made.off.id}`, { active: false });
  for (let round = 0; round < 3; round += 1) {
    await stage.pushAll(Array.from({ length: 6 }, (_, index) => [index % 3 === 0 ? 'ticket.created' : 'lead.captured', SAMPLE]));
  }
  await eventually('the failing endpoint is disabled', async () => (await stage.call('GET', `/api/webhooks-config/${made.down.id}`)).state === 'disabled');
  await eventually('the healthy one has got everything', () => healthy.requests.length >= 18);
  return { ...made, receivers: { healthy, shaky, down, busy } };
}
