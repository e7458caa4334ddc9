// Whoever likes the keyboard needs nothing else: it goes to each page, searches, selects, opens, and says which keys there are.

import { assert, eventually, play, receiver } from '../stage.mjs';

await play(async (stage) => {
  const works = await receiver();
  for (const name of ['Alpha', 'Beta', 'Gamma']) await stage.endpoint(works.url(`/${name}`), ['lead.captured'], { description: name });
  const page = await stage.page();
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const at = (path) => page.waitForURL((url) => url.pathname === `/dashboard${path}`);
  const focused = (name) => eventually(`${name} has the focus`, () => page.evaluate((text) => document.activeElement?.textContent === text, name));
  await page.getByRole('heading', { name: 'All 3 endpoints are fine' }).waitFor();

  for (const [key, path, heading] of [['a', '/account-events', 'Account events'], ['c', '/event-types', 'Event catalogue'], ['k', '/keys', 'API keys'], ['e', '/endpoints', 'Endpoints']]) {
    await press('g', key);
    await at(path);
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
  }

  // Down and up, selected and not.
  await page.getByRole('link', { name: 'Gamma' }).waitFor();
  // The keys of a view are there a moment after it.
  await eventually('Alpha has the focus', async () => {
    await press('j');
    return page.evaluate(() => document.activeElement?.textContent === 'Alpha');
  });
  await press('j', 'j', 'j');
  await focused('Gamma');
  await press('k');
  await focused('Beta');
  await press('x');
  const beta = page.getByRole('checkbox', { name: 'Select Beta' });
  await page.getByText('1 selected').waitFor();
  assert(await beta.isChecked(), 'Beta is selected');
  await press('j', 'x');
  await page.getByText('2 selected').waitFor();
  await press('k', 'x');
  await page.getByText('1 selected').waitFor();
  assert(!(await beta.isChecked()), 'Beta is selected no more');
  await stage.picture(page, 'keyboard-list');

  // The list of keys; beneath it, keys do nothing.
  await press('?');
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  for (const text of ['Next endpoint', 'Open this endpoint', 'Go to: Event catalogue', 'Search on this page']) await list.getByText(text, { exact: true }).first().waitFor();
  await stage.picture(page, 'keyboard-help');
  await stage.assertAccessible(page, 'the list of keys');
  await press('g', 'k');
  await press('Escape');
  await list.waitFor({ state: 'detached' });
  await at('/endpoints');

  // What is typed into a field is text; Escape leaves the field.
  await press('/');
  const search = page.getByRole('searchbox', { name: 'Search URLs and descriptions' });
  assert(await search.evaluate((one) => one === document.activeElement), 'the search has the focus');
  await page.keyboard.type('go beta ');
  assert((await search.inputValue()) === 'go beta ', 'it is text');
  await search.fill('bet');
  await page.getByRole('link', { name: 'Alpha' }).waitFor({ state: 'detached' });
  await press('Escape');
  await eventually('the search has lost the focus', () => search.evaluate((one) => one !== document.activeElement));
  assert((await search.inputValue()) === 'bet', 'what was searched is still there');
  await press('j');
  await focused('Beta');
  await press('o');
  await page.getByRole('heading', { name: 'Beta', level: 1 }).waitFor();
  await press('c');
  await at('/endpoints/new');
  await press('g', 'o');
  await at('/');

  // Who doesn't want them switches them off, for good.
  await press('?');
  await list.getByRole('checkbox', { name: 'Use keyboard shortcuts' }).uncheck();
  await press('Escape');
  await list.waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('heading', { name: 'All 3 endpoints are fine' }).waitFor();
  await press('g', 'e', '?', 'c');
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
  await list.waitFor();
  await at('/');
  assert((await page.getByRole('dialog').count()) === 1, 'one dialog is open');
});
