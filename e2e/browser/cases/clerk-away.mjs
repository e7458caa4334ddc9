// Clerk's script can't be loaded: the page says what is the matter, and loads it as soon as that is over.

import { ClerkHost, HOST } from '../clerk-host.mjs';
import { play } from '../stage.mjs';

await play(async (stage) => {
  stage.allow(/ERR_CONNECTION_REFUSED|couldn't be loaded/);
  const clerk = new ClerkHost({ ada: [{ id: 'org_2test', name: 'Chatbot Studio' }] }, () => stage.ask('token 3600 -'));
  clerk.isUp = false;
  const page = await stage.page({ token: null, prepare: (context) => clerk.serve(context) });
  const sentence = page.getByRole('alert').getByText(`Clerk, which signs you in, couldn't be loaded. Check your connection, and whether something blocks scripts of ${HOST}.`);
  await sentence.waitFor();
  await stage.assertAccessible(page, 'without Clerk');
  await stage.picture(page, 'clerk-away');
  await page.getByRole('button', { name: 'Try again' }).click();
  await sentence.waitFor();
  clerk.isUp = true;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByLabel('Username').fill('ada');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Endpoints' }).waitFor();
});
