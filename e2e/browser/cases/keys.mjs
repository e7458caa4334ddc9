// A key for a program: made for a purpose, shown once, used for a call, revoked, and refused from then on.

import { assert, eventually, play } from '../stage.mjs';

const API = new URL(process.env.API_URL).origin;

/** What the API answers a program that has this key. */
async function answered(key, method = 'GET', body) {
  const headers = { Authorization: `Bearer ${key}`, ...(body ? { 'Content-Type': 'application/json' } : {}) };
  const response = await fetch(`${API}/api/webhooks-config`, { method, headers, body: body && JSON.stringify(body) });
  return response.status;
}

await play(async (stage) => {
  const page = await stage.page({ at: '/keys' });
  await page.getByRole('heading', { name: 'No keys yet' }).waitFor();
  await page.getByRole('button', { name: 'Create a key' }).click();

  // Without a name, it says why one is wanted, and makes none.
  const form = page.getByRole('dialog', { name: 'Create a key' });
  await form.getByRole('button', { name: 'Create the key' }).click();
  await form.getByText('Give it a name').waitFor();
  await form.getByLabel('Name').fill('Report of the week');
  await form.getByRole('radio', { name: 'Read only' }).check();
  await form.getByText('See deliveries', { exact: true }).waitFor();
  await form.getByLabel('Expires').selectOption({ label: 'After 30 days' });
  await stage.picture(page, 'keys-form');
  await form.getByRole('button', { name: 'Create the key' }).click();

  // Nothing but its own button closes what is shown only once.
  const made = page.getByRole('dialog', { name: 'Your new key' });
  const key = await made.getByLabel('The key', { exact: true }).innerText();
  await page.keyboard.press('Escape');
  await made.getByRole('button', { name: 'Copy the key' }).click();
  await made.getByRole('button', { name: 'Copied' }).waitFor();
  assert((await page.evaluate(() => navigator.clipboard.readText())) === key, 'what is copied is the key');
  await stage.picture(page, 'keys-made');
  await stage.assertAccessible(page, 'the new key');
  assert((await answered(key)) === 200, 'the key can read');
  const write = await answered(key, 'POST', { url: 'http://127.0.0.1:9/hook', events: ['*'] });
  assert(write === 403, `a key that may only read was answered ${write} when it wrote`);
  await made.getByRole('button', { name: 'I have saved it' }).click();

  // It is nowhere any more, and is listed with what it may do.
  const row = page.getByRole('listitem').filter({ hasText: 'Report of the week' });
  await row.getByText('See endpoints', { exact: true }).waitFor();
  await page.reload();
  await row.getByText('never').waitFor({ state: 'detached' });
  const rest = await page.evaluate(() => document.documentElement.innerHTML + JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert(!rest.includes(key), 'the page keeps the key');
  await stage.picture(page, 'keys-list');

  await row.getByRole('button', { name: 'Revoke “Report of the week”' }).click();
  const question = page.getByRole('dialog', { name: 'Revoke this key?' });
  await question.getByText('It was last used').waitFor();
  await question.getByRole('button', { name: 'Cancel' }).click();
  assert((await answered(key)) === 200, 'a question that is not answered revokes nothing');
  await row.getByRole('button', { name: 'Revoke “Report of the week”' }).click();
  await question.getByRole('button', { name: 'Revoke', exact: true }).click();
  await page.getByText('“Report of the week” is revoked.').waitFor();
  await page.getByRole('heading', { name: 'No keys yet' }).waitFor();
  await eventually('the revoked key is refused', async () => (await answered(key)) === 401);
});
