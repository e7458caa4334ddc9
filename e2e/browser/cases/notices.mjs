// Something breaks while somebody looks at the event catalogue: a notice says so and leads there. The overview says what needs attention,
// and mends it with a press each; then all is well.

import { assert, eventually, play, receiver } from '../stage.mjs';

await play(async (stage) => {
  const orders = await receiver(() => 204);
  const busy = await receiver(() => 204);
  const broken = await stage.endpoint(orders.url('/orders'), ['ticket.created'], { description: 'Orders' });
  const held = await stage.endpoint(busy.url('/chat'), ['lead.captured'], { description: 'Team chat' });
  const page = await stage.page();
  await page.getByRole('heading', { name: 'All 2 endpoints are fine' }).waitFor();
  await page.getByRole('link', { name: 'Event catalogue' }).click();
  await page.getByRole('heading', { name: 'Event catalogue' }).waitFor();

  orders.answer = () => ({ status: 500, body: 'out of memory' });
  busy.answer = () => ({ status: 429, headers: { 'retry-after': '600' }, body: 'not now' });
  await stage.pushAll(Array.from({ length: 4 }, (_, count) => ['ticket.created', { count }]));
  await stage.push('lead.captured', { name: 'Ada' });
  await eventually('the endpoint is disabled', async () => (await stage.call('GET', `/api/webhooks-config/${broken.id}`)).state === 'disabled');

  // Whatever one looks at, it is said, also by the tab; a dismissed notice doesn't come back.
  const notice = page.getByRole('status').getByRole('link', { name: 'Orders was disabled after too many failures' });
  await notice.waitFor();
  const waits = page.getByRole('link', { name: 'Team chat waits' });
  await waits.waitFor();
  assert((await page.title()).startsWith('●'), `the tab is called ${await page.title()}`);
  await stage.picture(page, 'notices');
  await stage.assertAccessible(page, 'the catalogue with notices');
  await page.locator('.notice').filter({ has: waits }).getByRole('button', { name: 'Dismiss' }).click();
  await waits.waitFor({ state: 'detached' });
  await notice.click();
  await page.getByRole('heading', { name: 'Orders', level: 1 }).waitFor();
  await page.getByRole('region', { name: 'How it is doing' }).getByText(/failures in a row have disabled it/).waitFor();

  await page.getByRole('navigation').getByRole('link', { name: 'Overview' }).click();
  await page.getByRole('heading', { name: '2 endpoints need you' }).waitFor();
  const itemOf = (name) => page.getByRole('listitem').filter({ has: page.getByRole('link', { name, exact: true }) });
  await stage.picture(page, 'overview-attention', { fullPage: true });
  await stage.assertAccessible(page, 'the overview with attention');

  // The receivers are mended, then the endpoints.
  for (const one of [orders, busy]) one.answer = () => 204;
  const [ordersBefore, chatBefore] = [orders.requests.length, busy.requests.length];
  await itemOf('Orders').getByRole('button', { name: 'Switch on and send 4 parked' }).click();
  await page.getByText('“Orders” is on. What was parked is being sent.').waitFor();
  await page.getByRole('heading', { name: '1 endpoint needs you' }).waitFor();
  await itemOf('Team chat').getByRole('button', { name: 'Stop waiting, send now' }).click();
  await page.getByText('“Team chat” no longer waits.').waitFor();
  await page.getByRole('heading', { name: 'All 2 endpoints are fine' }).waitFor();
  await page.getByText('Needs attention').waitFor({ state: 'detached' });
  await notice.waitFor({ state: 'detached' });
  await eventually('what was parked has arrived', () => orders.requests.length >= ordersBefore + 4);
  await eventually('what waited has arrived', () => busy.requests.length >= chatBefore + 1);
  await eventually('nothing waits', async () => (await stage.call('GET', `/api/webhooks-config/${held.id}`)).state === 'active');
  await eventually('the tab is called as ever', async () => !(await page.title()).startsWith('●'));
  await stage.picture(page, 'overview-mended', { fullPage: true });
});
