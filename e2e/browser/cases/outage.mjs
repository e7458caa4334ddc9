// The API is killed while somebody types and looks: nothing that was typed is lost, the page says what is going on, and goes on by itself.

import { assert, eventually, play, receiver } from '../stage.mjs';

await play(async (stage) => {
  stage.allow(/Failed to load resource|ERR_|net::/);
  const server = await receiver();
  const { id } = await stage.endpoint(server.url('/one'), ['lead.captured'], { description: 'One' });
  const watching = await stage.page({ at: `/endpoints/${id}/log` });
  await watching.getByRole('heading', { name: 'One' }).waitFor();
  const typing = await stage.page({ at: '/endpoints/new' });
  await typing.getByLabel('URL').fill(server.url('/two'));
  await typing.getByText('This address can be used.').waitFor();
  await typing.getByRole('checkbox', { name: /lead.captured/ }).check();

  // Once there was time for it, every view is there.
  for (const page of [watching, typing]) {
    await page.waitForFunction(() => performance.getEntriesByType('resource').some((entry) => /\/keys-.*\.js$/.test(entry.name) && entry.responseEnd > 0));
  }

  await stage.ask('kill-api');
  await typing.getByLabel('Description').fill('Made after the outage');
  await typing.getByRole('button', { name: 'Create the endpoint' }).click();
  await typing.getByText(/The server can't be reached/).first().waitFor();
  assert((await typing.getByLabel('Description').inputValue()) === 'Made after the outage', 'what was typed is there');
  await stage.picture(typing, 'away');
  // A view that wasn't looked at before is there all the same.
  await watching.getByRole('link', { name: 'Event catalogue' }).click();
  await watching.getByRole('heading', { name: 'Event catalogue' }).waitFor();
  await watching.goBack();

  await stage.ask('start-api');
  await eventually('the page has noticed', async () => {
    await typing.getByRole('button', { name: 'Create the endpoint' }).click({ timeout: 1000 }).catch(() => undefined);
    return typing.getByText('The endpoint is there').isVisible();
  });
  const { endpoints } = await stage.call('GET', '/api/webhooks-config');
  assert(endpoints.length === 2, `${endpoints.length} endpoints: it was made once`);
  // The live log goes on.
  await stage.push('lead.captured', {});
  await watching.getByRole('row', { name: /lead.captured/ }).first().waitFor();
});
