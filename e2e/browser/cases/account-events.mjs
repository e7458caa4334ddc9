// A customer's own systems are told when an endpoint is disabled: subscribed from the page that explains it, sent, and seen there.

import { assert, eventually, play, receiver } from '../stage.mjs';

await play(async (stage) => {
  const fails = await receiver(() => ({ status: 500, body: 'no' }));
  const oncall = await receiver(() => 204);
  const broken = await stage.endpoint(fails.url('/orders'), ['ticket.created'], { description: 'Orders' });
  const page = await stage.page({ at: '/account-events' });
  await page.getByText('If an endpoint is disabled, nobody is told.').waitFor();
  await stage.picture(page, 'account-events-nobody', { fullPage: true });
  await page.getByRole('link', { name: 'Add an endpoint for endpoint.disabled' }).click();

  await page.getByRole('heading', { name: 'New endpoint' }).waitFor();
  await page.getByRole('checkbox', { name: 'endpoint.disabled' }).waitFor();
  const chosen = await page.locator('input[type=checkbox]:checked').evaluateAll((all) => all.map((one) => one.closest('label').innerText.split('\n')[0]));
  assert(chosen.length === 1 && chosen[0].startsWith('endpoint.disabled'), `chosen are ${chosen}`);
  await page.getByLabel('URL', { exact: true }).fill(oncall.url('/pager'));
  await page.getByLabel('Description').fill('On call');
  await page.getByRole('button', { name: 'Create the endpoint' }).click();
  await page.getByRole('heading', { name: 'The endpoint is there' }).waitFor();

  await page.getByRole('navigation').getByRole('link', { name: 'Account events' }).click();
  const what = page.locator('section').filter({ has: page.getByRole('heading', { name: 'What you can be told' }) });
  await what.getByRole('listitem').filter({ hasText: 'endpoint.disabled' }).getByRole('link', { name: 'On call' }).waitFor();
  await page.getByText('nobody is told').waitFor({ state: 'detached' });
  await page.getByText('No account events were sent').waitFor();

  await stage.pushAll(Array.from({ length: 4 }, (_, count) => ['ticket.created', { count }]));
  const told = await eventually('the receiver is told', () => oncall.requests.find((request) => request.body.includes('endpoint.disabled')));
  const { event, data } = JSON.parse(told.body);
  assert(event === 'endpoint.disabled' && JSON.stringify(data).includes(broken.id), `it was told ${told.body}`);

  const sent = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Sent lately' }) });
  const line = sent.getByRole('listitem').filter({ hasText: 'endpoint.disabled' });
  await line.getByText('Delivered').waitFor();
  const lately = page.locator('section').filter({ has: page.getByRole('heading', { name: 'What happened lately' }) });
  await lately.getByRole('listitem').filter({ hasText: 'Orders' }).getByText('Disabled after too many failures in a row').waitFor();
  await stage.picture(page, 'account-events', { fullPage: true });
  await stage.assertAccessible(page, 'account events');
  await line.getByRole('link', { name: 'endpoint.disabled' }).click();
  await page.getByRole('heading', { name: 'On call', level: 1 }).waitFor();
  await page.getByText(broken.id).first().waitFor();
});
