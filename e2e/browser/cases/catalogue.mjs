// Somebody looks for an event by what it contains, sees what their server would get, and makes an endpoint for it.

import { assert, eventually, play, receiver } from '../stage.mjs';

await play(async (stage) => {
  const works = await receiver();
  const page = await stage.page({ at: '/event-types' });
  const search = page.getByRole('searchbox', { name: 'Search events' });
  await page.getByRole('button', { name: 'session.created' }).waitFor();
  await search.fill('no such thing');
  await page.getByRole('heading', { name: 'No event matches' }).waitFor();
  await search.fill('lead email');
  const row = page.getByRole('button', { name: 'lead.captured' });
  await row.waitFor();
  await page.getByRole('button', { name: 'session.created' }).waitFor({ state: 'detached' });
  await row.click();
  await page.getByLabel('Sample of lead.captured').getByText('"email"').waitFor();
  await page.getByRole('heading', { name: 'No endpoint gets it yet' }).waitFor();
  await page.getByText('JSON Schema', { exact: true }).click();
  await page.getByLabel('Schema of lead.captured').waitFor();
  await stage.picture(page, 'catalogue', { fullPage: true });
  await stage.assertAccessible(page, 'the catalogue');

  // The address says what is searched and which is open.
  await page.reload();
  await page.getByLabel('Sample of lead.captured').waitFor();
  assert((await search.inputValue()) === 'lead email', 'the search is still there');
  await page.getByRole('link', { name: 'Create an endpoint for this event' }).click();
  const box = page.getByRole('checkbox', { name: 'lead.captured' });
  await box.waitFor();
  assert(await box.isChecked(), 'the event is chosen');
  assert((await page.locator('input[type=checkbox]:checked').count()) === 1, 'no other event is chosen');
  await page.getByLabel('URL', { exact: true }).fill(works.url('/leads'));
  await page.getByRole('button', { name: 'Create the endpoint' }).click();
  await page.getByRole('heading', { name: 'The endpoint is there' }).waitFor();
  await stage.push('lead.captured', { email: 'ada@example.com' });
  await stage.push('ticket.created', { subject: 'no' });
  await eventually('the event arrives', () => works.requests.some((request) => request.body.includes('ada@example.com')));
  await page.getByRole('navigation').getByRole('link', { name: 'Event catalogue' }).click();
  await page.getByRole('button', { name: 'lead.captured' }).click();
  await page.getByRole('heading', { name: '1 endpoint gets it' }).waitFor();
});
