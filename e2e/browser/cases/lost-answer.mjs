// The endpoint is made, but the answer is lost on its way: whoever tries again gets that endpoint with its secret, not a second one.

import { assert, eventually, play, receiver } from '../stage.mjs';

await play(async (stage) => {
  stage.allow(/Failed to load resource: net::ERR_(FAILED|CONNECTION)/);
  const works = await receiver();
  const page = await stage.page({ at: '/endpoints/new' });
  await page.getByLabel('URL', { exact: true }).fill(works.url('/once'));
  await page.getByRole('checkbox', { name: 'lead.captured' }).check();
  let lost = 0;
  await page.route('**/api/webhooks-config', async (route) => {
    if (route.request().method() !== 'POST' || lost > 0) return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort('connectionreset');
  });
  await page.getByRole('button', { name: 'Create the endpoint' }).click();
  await page.getByRole('alert').getByText("The server can't be reached just now.").waitFor();
  assert((await stage.call('GET', '/api/webhooks-config')).endpoints.length === 1, 'it was made');
  assert((await page.getByLabel('URL', { exact: true }).inputValue()) === works.url('/once'), 'what was typed is still there');
  await stage.picture(page, 'create-lost');
  await page.getByRole('button', { name: 'Create the endpoint' }).click();
  await page.getByRole('heading', { name: 'The endpoint is there' }).waitFor();
  const { endpoints } = await stage.call('GET', '/api/webhooks-config');
  assert(lost === 1 && endpoints.length === 1, `${endpoints.length} endpoints were made`);
  // Its secret is there as well, and a test event arrives.
  const secret = await page.getByLabel('Signing secret').innerText();
  assert(secret.length > 20, `the secret is ${secret}`);
  await page.getByRole('button', { name: 'Send a test event' }).click();
  await page.getByText('It works.').waitFor();
  await eventually('the test event arrived', () => works.requests.length === 1);
});
