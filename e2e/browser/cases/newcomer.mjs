// A newcomer: from the page's first view to a verified test event, with six clicks.

import { createHmac } from 'node:crypto';

import { assert, eventually, play, receiver } from '../stage.mjs';

/** As a receiver's developer would, by the Standard Webhooks specification. */
function isVerified({ headers, body }, secret) {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signed = createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64');
  return headers['webhook-signature'].split(' ').includes(`v1,${signed}`);
}

await play(async (stage) => {
  const server = await receiver(() => ({ status: 200, body: 'got it' }));
  const began = Date.now();
  const page = await stage.page();
  await stage.click(page.getByRole('link', { name: 'Create your first endpoint' }));
  await page.getByLabel('URL').fill(server.url());
  await page.getByText('This address can be used.').waitFor();
  await stage.click(page.getByLabel('All events'));
  await stage.click(page.getByRole('button', { name: 'Create the endpoint' }));
  const secret = await page.getByLabel('Signing secret').textContent();
  await stage.click(page.getByRole('button', { name: 'Copy the secret' }));
  assert((await page.evaluate(() => navigator.clipboard.readText())) === secret.trim(), 'the secret is copied');
  await stage.click(page.getByRole('button', { name: 'Send a test event' }));
  await page.getByText('It works.').waitFor();
  const took = Date.now() - began;
  await stage.picture(page, 'created');
  const [event] = server.requests;
  assert(isVerified(event, secret.trim()), 'the receiver verifies it with the secret');
  assert(event.headers['x-rkt-test'] === 'true', 'it is marked as a test');
  assert(stage.clicks <= 6, `${stage.clicks} clicks`);
  console.log(`${stage.clicks} clicks and ${took} ms until the first verified event`);
  await stage.click(page.getByRole('link', { name: 'Go to the endpoint' }));
  await page.getByRole('tab', { name: 'Log' }).waitFor();
  // The code that verifies is at hand, in six languages.
  await page.goto(`${stage.url}/endpoints`);
  const list = await stage.call('GET', '/api/webhooks-config');
  await eventually('there is one endpoint', () => list.endpoints.length === 1);
  await page.goto(`${stage.url}/endpoints/${list.endpoints[0].id}/settings`);
  await page.getByText('Show the code').click();
  for (const language of ['Node', 'Python', 'PHP', 'Go', 'Ruby', 'Rust']) {
    await page.getByRole('tab', { name: language, exact: true }).click();
    await page.getByLabel(new RegExp(`${language}`)).last().waitFor();
  }
});
