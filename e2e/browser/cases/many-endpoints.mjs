// Nearly as many endpoints as an account may have: found by typing, narrowed, selected together, paused, and all of it undone.

import { assert, eventually, play, receiver } from '../stage.mjs';

const MANY = 98;
const CITIES = ['Berlin', 'Hamburg', 'Paris', 'Oslo', 'Rome', 'Madrid', 'Wien'];

await play(async (stage) => {
  const works = await receiver();
  for (let number = 0; number < MANY; number += 1) {
    const events = number % 7 === 0 ? ['ticket.created'] : ['lead.captured', 'ticket.updated'];
    await stage.endpoint(works.url(`/shop-${number}`), events, { description: `Shop ${String(number).padStart(2, '0')} in ${CITIES[number % CITIES.length]}` });
  }
  const states = async () => {
    const { endpoints } = await stage.call('GET', '/api/webhooks-config');
    return endpoints.reduce((counts, { state }) => ({ ...counts, [state]: (counts[state] ?? 0) + 1 }), {});
  };
  const page = await stage.page({ at: '/endpoints' });
  const rows = page.locator('tbody tr');
  const selection = page.getByRole('region', { name: 'What is done with those that are selected' });
  const shows = (count) => eventually(`${count} are shown`, async () => (await rows.count()) === count);
  await shows(50);

  // Something happens, and has the list read anew, while more of it is on its way: more comes all the same.
  let disturbed = 0;
  await page.route(/webhooks-config\?.*cursor=/, async (route) => {
    if (disturbed === 0) {
      disturbed += 1;
      const anew = page.waitForRequest((request) => /webhooks-config\?.*limit=/.test(request.url()) && !request.url().includes('cursor='));
      const { endpoints } = await stage.call('GET', '/api/webhooks-config?limit=1');
      for (const state of ['paused', 'active']) await stage.call('PATCH', `/api/webhooks-config/${endpoints[0].id}`, { state });
      await anew;
    }
    await route.continue();
  });
  await page.getByRole('button', { name: 'Show more' }).click();
  await shows(MANY);
  assert(disturbed === 1, 'nothing happened meanwhile');
  await stage.picture(page, 'many-endpoints');

  // Found by what is in its description or URL; what is looked for stands in the address.
  const search = page.getByRole('searchbox', { name: 'Search URLs and descriptions' });
  await search.fill('hamburg');
  await shows(14);
  await search.fill('shop-97');
  await shows(1);
  await page.reload();
  await shows(1);
  assert((await search.inputValue()) === 'shop-97', 'the search is still there');
  await search.fill('nobody has this');
  await page.getByRole('heading', { name: 'No endpoint like that' }).waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await shows(50);
  await page.getByLabel('Event').selectOption('ticket.created');
  await shows(14);
  await search.fill('berlin');
  await shows(14);
  assert(new URL(page.url()).searchParams.get('event') === 'ticket.created', `the address is ${page.url()}`);

  // Those that are found are paused, and it is undone.
  await page.getByRole('checkbox', { name: 'Select all that are shown' }).check();
  await selection.getByText('14 selected').waitFor();
  await selection.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('14 endpoints are paused').waitFor();
  assert((await states()).paused === 14, `they are ${JSON.stringify(await states())}`);
  await page.getByLabel('State').selectOption({ label: 'Paused' });
  await shows(14);
  await stage.picture(page, 'many-paused');
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('heading', { name: 'No endpoint like that' }).waitFor();
  assert((await states()).active === MANY, `after that they are ${JSON.stringify(await states())}`);
  await page.getByRole('button', { name: 'Show all' }).click();

  // All of them, of which some were paused before: undone, each is as it was.
  await shows(50);
  await page.getByRole('button', { name: 'Show more' }).click();
  await shows(MANY);
  await page.getByRole('checkbox', { name: /^Select Shop 03 / }).check();
  await page.getByRole('checkbox', { name: /^Select Shop 04 / }).check();
  await selection.getByText('2 selected').waitFor();
  await selection.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('2 endpoints are paused').waitFor();
  await page.getByRole('checkbox', { name: 'Select all that are shown' }).check();
  await selection.getByText(`${MANY} selected`).waitFor();
  await stage.picture(page, 'many-selected');
  await stage.assertAccessible(page, 'all endpoints, selected');
  await selection.getByRole('button', { name: 'Switch off' }).click();
  await page.getByText(`${MANY} endpoints are off`).waitFor();
  assert((await states()).off === MANY, `switched off, they are ${JSON.stringify(await states())}`);
  await page.locator('.toast').filter({ hasText: `${MANY} endpoints are off` }).getByRole('button', { name: 'Undo' }).click();
  await eventually('each is as it was', async () => {
    const { active, paused } = await states();
    return active === MANY - 2 && paused === 2;
  });
  await page.getByRole('row', { name: /Shop 03/ }).getByText('Paused').waitFor();
  await page.getByRole('row', { name: /Shop 05/ }).getByText('Active').waitFor();
  await shows(MANY);
});
