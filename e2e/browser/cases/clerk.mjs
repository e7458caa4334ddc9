// People sign in with Clerk, whose script is a stand-in's here: its tokens go with every call, and it chooses the organisation.

import { ClerkHost, HOST } from '../clerk-host.mjs';
import { assert, eventually, play, receiver } from '../stage.mjs';

await play(async (stage) => {
  stage.allow(/the server responded with a status of 401/);
  const crm = await receiver();
  await stage.endpoint(crm.url(), ['*'], { description: 'CRM' });
  const organizations = [{ id: 'org_2test', name: 'Chatbot Studio' }, { id: 'org_other', name: 'Another one' }];
  const made = [];
  let spoiled = () => false;
  const clerk = new ClerkHost({ ada: organizations }, async (_, organization, skipCache) => {
    const token = await stage.ask(`token ${spoiled(skipCache) ? -60 : 3600} ${organization ?? '-'}`);
    made.push({ token, organization, skipCache });
    return token;
  });
  const requests = [];
  const page = await stage.page({ at: '/endpoints', token: null, prepare: (context) => clerk.serve(context) });
  page.on('request', (request) => requests.push(request));
  const tokens = () => requests.filter((request) => new URL(request.url()).pathname.startsWith('/api/')).map((request) => request.headers().authorization);
  const signIn = async (within = page) => {
    await within.getByLabel('Username').fill('ada');
    await within.getByRole('button', { name: 'Continue' }).click();
  };

  // Signed in, one is where one wanted to go.
  await page.getByRole('heading', { name: 'Sign in to the product' }).waitFor();
  await stage.assertAccessible(page, 'signing in');
  await stage.picture(page, 'clerk-sign-in');
  await signIn();
  await page.getByRole('heading', { level: 1, name: 'Endpoints' }).waitFor();
  assert(page.url() === `${stage.url}/endpoints`, `one is at ${page.url()}`);
  await eventually('a call was made', () => tokens().length > 0);
  assert(tokens().every((value) => made.some(({ token, organization }) => value === `Bearer ${token}` && organization === null)), 'calls have tokens of Clerk');
  assert((await page.getByRole('link', { name: 'CRM' }).count()) === 0, 'the personal account has no endpoints');

  // Another organisation: the page begins anew, with its endpoints and its tokens.
  requests.length = 0;
  await page.getByLabel('Organization').selectOption('Chatbot Studio');
  await page.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await page.getByRole('link', { name: 'CRM' }).waitFor();
  await eventually('all calls are of the organisation', () => tokens().length > 0 && tokens().slice(-3).every((value) => made.some(({ token, organization }) => value === `Bearer ${token}` && organization === 'org_2test')));
  await page.getByLabel('Organization').selectOption('Another one');
  await page.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Endpoints' }).waitFor();
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  assert((await page.getByRole('link', { name: 'CRM' }).count()) === 0, 'endpoints of the former organisation are gone');
  await page.getByLabel('Organization').selectOption('Chatbot Studio');
  await page.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await page.getByRole('link', { name: 'CRM' }).waitFor();
  await stage.picture(page, 'clerk-signed-in');

  // A token that is refused is asked for anew, once, and nobody notices.
  spoiled = (skipCache) => !skipCache;
  made.length = 0;
  await page.reload();
  await page.getByRole('link', { name: 'CRM' }).waitFor();
  const anew = made.filter(({ skipCache }) => skipCache).length;
  assert(anew === 1 && made.length === 2, `${made.length} tokens were asked for, ${anew} of them anew`);

  // If the new one is refused too, the page says so instead of asking on and on.
  spoiled = () => true;
  made.length = 0;
  await page.reload();
  await page.getByText("You are signed in, but the server doesn't accept your session.").waitFor();
  await page.getByText('The session has expired.').waitFor();
  assert(made.length === 2, `it was asked for ${made.length} tokens`);
  await stage.assertAccessible(page, 'not accepted');
  await stage.picture(page, 'clerk-refused');
  spoiled = () => false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('link', { name: 'CRM' }).waitFor();

  // The session ends elsewhere while somebody types; whoever signs in has still something to do.
  await page.getByRole('link', { name: 'Create an endpoint' }).first().click();
  await page.getByLabel('URL').fill(crm.url('/typed'));
  await page.getByText('This address can be used.').waitFor();
  clerk.session = null;
  clerk.status = 'pending';
  spoiled = () => true;
  await page.evaluate(() => window.Clerk.session.getToken({ skipCache: true }));
  await page.getByLabel('URL').fill(crm.url('/typed-on'));
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await signIn(dialog);
  spoiled = () => false;
  await dialog.getByRole('heading', { name: 'Choose an organization' }).waitFor();
  await stage.picture(page, 'clerk-again');
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert((await page.getByLabel('URL').inputValue()) === crm.url('/typed-on'), 'what was typed is there');

  // The policy lets the page ask Clerk's host, and no other.
  assert(clerk.asked.includes('GET /v1/client'), 'the script asks its host');
  const refused = await page.evaluate(async (host) => {
    const found = [];
    addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => found.push(`${effectiveDirective} ${new URL(blockedURI).host}`));
    await fetch(`https://other.${host}/`).catch(() => undefined);
    const script = Object.assign(document.createElement('script'), { src: `https://other.${host}/x.js` });
    await new Promise((resolve) => {
      script.onerror = resolve;
      document.head.append(script);
    });
    return found;
  }, HOST);
  stage.allow(/other\.clerk\.stand-in\.example/);
  assert(refused.join() === `connect-src other.${HOST},script-src-elem other.${HOST}`, `the policy refused ${refused}`);

  // Signed out, nothing is left.
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in to the product' }).waitFor();
  assert(new URL(page.url()).pathname === '/dashboard/', `one is at ${page.url()}`);
  assert(clerk.session === null, 'Clerk knows of it');
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert(!kept.includes('typed-on') && made.every(({ token }) => !kept.includes(token)), `${kept} is kept`);
});
