// Through the log without a mouse: down and up, select, open, on to the next one, back to where one was.

import { assert, eventually, play, receiver } from '../stage.mjs';

await play(async (stage) => {
  const server = await receiver();
  const endpoint = await stage.endpoint(server.url());
  for (let count = 0; count < 40; count += 1) {
    await stage.push('lead.captured', { count });
    await eventually('it arrived', () => server.requests.length === count + 1);
  }
  const list = await eventually('all are in the log', async () => {
    const { deliveries } = await stage.call('GET', `/api/webhooks-config/${endpoint.id}/deliveries`);
    return deliveries.length === 40 && deliveries;
  });
  const page = await stage.page({ at: `/endpoints/${endpoint.id}/log` });
  const table = page.getByRole('table', { name: /^Deliveries/ });
  await table.getByRole('row').nth(5).waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('href') ?? document.activeElement?.outerHTML.slice(0, 200));
  const at = (index) => `/dashboard/endpoints/${endpoint.id}/log/${list[index].id}`;
  const isAt = (index) => eventually(`row ${index} has the focus`, async () => (await focused()) === at(index) || Promise.reject(new Error(await focused())));
  const press = (key) => page.keyboard.press(key);
  const panel = page.getByRole('article', { name: /lead\.captured/ });
  const isOpen = (index) =>
    eventually(`delivery ${index} is open`, async () => new URL(page.url()).pathname === at(index) && (await panel.getByText(list[index].id, { exact: true }).count()) > 0);

  await press('j');
  await isAt(0);
  await press('j');
  await isAt(1);
  await press('j');
  await isAt(2);
  await press('k');
  await isAt(1);

  // Selects, and selects no longer.
  const selection = page.getByRole('group', { name: 'Selected deliveries' });
  await press('x');
  await selection.getByText('1 selected').waitFor();
  await press('j');
  await isAt(2);
  await press('x');
  await selection.getByText('2 selected').waitFor();
  assert((await table.getByRole('checkbox', { checked: true }).count()) === 2, 'the boxes differ from what is selected');
  await press('x');
  await selection.getByText('1 selected').waitFor();

  // Opens it, goes on to others beside it, and is back in the list.
  await press('Enter');
  await isOpen(2);
  await press('j');
  await isOpen(3);
  await press('k');
  await press('k');
  await isOpen(1);
  await press('Escape');
  await panel.waitFor({ state: 'detached' });
  await isAt(1);
  assert(new URL(page.url()).pathname === `/dashboard/endpoints/${endpoint.id}/log`, `the address is still ${page.url()}`);
  await selection.getByText('1 selected').waitFor();
  await press('Escape');
  await selection.waitFor({ state: 'detached' });

  // As far as there are rows, and no further: those that come into sight are there.
  for (let index = 2; index < 40; index += 1) {
    await press('j');
    await isAt(index);
  }
  await press('j');
  await isAt(39);
  const seen = await page.evaluate(() => {
    const { top, bottom } = document.activeElement.getBoundingClientRect();
    const box = document.activeElement.closest('[role="table"]').parentElement.getBoundingClientRect();
    return top >= box.top && bottom <= box.bottom;
  });
  assert(seen, 'the row that has the focus is out of sight');

  // The list of keys names them; in a field they are letters.
  await press('?');
  const keys = page.getByRole('dialog');
  for (const name of ['Next delivery', 'Previous delivery', 'Open the delivery', 'Select the delivery']) await keys.getByText(name).waitFor();
  await press('Escape');
  await keys.waitFor({ state: 'detached' });
});
