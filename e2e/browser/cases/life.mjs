// A receiver goes down and is repaired: its endpoint fails, is disabled, is switched on, and gets what was parked. Paused, resumed, off.

import { assert, eventually, play, receiver } from '../stage.mjs';

await play(async (stage) => {
  const server = await receiver(() => ({ status: 503, body: 'database is locked' }));
  const { id } = await stage.endpoint(server.url('/crm'), ['lead.captured'], { description: 'CRM' });
  const page = await stage.page({ at: `/endpoints/${id}` });
  await page.getByRole('heading', { name: 'CRM' }).waitFor();
  await stage.push('lead.captured', { number: 0 });
  await page.getByText(/of 10 failures in a row/).waitFor();
  await stage.picture(page, 'failing');
  for (let number = 1; number < 12; number += 1) await stage.push('lead.captured', { number });
  // Nobody reloads: it says so as it happens, on this page and above all others.
  await page.getByText(/failures in a row have disabled it/).waitFor();
  await stage.push('lead.captured', { number: 12 });
  await eventually('thirteen are parked', async () => (await stage.call('GET', `/api/webhooks-config/${id}`)).health.parked.deliveries === 13);
  await stage.picture(page, 'disabled');

  server.answer = () => 204;
  server.requests.length = 0;
  await page.getByRole('button', { name: 'Switch on' }).first().click();
  await page.getByText(/deliveries .* are parked for it/).waitFor();
  await page.getByRole('button', { name: 'Switch on and send' }).click();
  await eventually('all thirteen arrive', () => server.requests.length === 13);
  const numbers = server.requests.map((request) => JSON.parse(request.body).data.number).sort((one, other) => one - other);
  assert(numbers.every((number, index) => number === index), `each arrived once: ${numbers}`);
  await page.getByText(/failures in a row have disabled it/).waitFor({ state: 'detached' });

  // Paused: what comes is kept.
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByText('Paused: what comes is kept').waitFor();
  // The page says so before the API has.
  await eventually('it is paused', async () => (await stage.call('GET', `/api/webhooks-config/${id}`)).state === 'paused');
  await stage.push('lead.captured', { number: 13 });
  await page.getByText(/1 delivery .* is parked/).waitFor();
  await page.getByRole('button', { name: 'Resume' }).first().click();
  await page.getByRole('button', { name: 'Switch on and send' }).click();
  await eventually('it arrives', () => server.requests.length === 14);

  // Off, and on again by what undoes it.
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Switch off' }).click();
  await page.getByText('Off: what comes now is not kept for it.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await page.getByText('Off: what comes now is not kept for it.').waitFor({ state: 'detached' });
  assert((await stage.call('GET', `/api/webhooks-config/${id}`)).state === 'active', 'it is on');

  // Asked to wait.
  server.answer = () => ({ status: 429, headers: { 'retry-after': '900' } });
  await stage.push('lead.captured', { number: 14 });
  await page.getByText(/On hold until/).waitFor();
  server.answer = () => 204;
  await page.getByRole('button', { name: 'Stop waiting, send now' }).click();
  await eventually('it is sent', () => server.requests.filter((request) => JSON.parse(request.body).data.number === 14).length === 2);
});
