// A link signs in: its token leaves the address bar at once, and is found nowhere. When it expires, the page asks for another one, and
// nothing that was typed is lost.

import { assert, eventually, play, receiver } from '../stage.mjs';

await play(async (stage) => {
  stage.allow(/the server responded with a status of 401/);
  const crm = await receiver();
  await stage.endpoint(crm.url(), ['*'], { description: 'CRM' });

  const page = await stage.page({ token: null });
  await page.getByLabel('Link or token').waitFor();
  const requests = [];
  page.context().on('request', (request) => requests.push(request));
  const token = await stage.ask('token 5');
  await page.goto(`${stage.url}/endpoints/new?events=lead.captured#token=${token}`);
  assert(page.url() === `${stage.url}/endpoints/new?events=lead.captured`, `the address is ${page.url()}`);
  const debug = await page.context().newCDPSession(page);
  const assertNowhere = async (secret) => {
    const { entries } = await debug.send('Page.getNavigationHistory');
    assert(entries.every(({ url, userTypedURL }) => !url.includes('token=') && (!userTypedURL.includes(secret) || url === page.url())), `in the history: ${JSON.stringify(entries)}`);
    const places = await page.evaluate(() => JSON.stringify([{ ...localStorage }, document.cookie, location.href, history.state, window.name, document.title, document.documentElement.outerHTML]));
    assert(!places.includes(secret), `the token is in ${places}`);
    const told = requests.map((request) => `${request.url()} ${request.postData() ?? ''} ${request.headers().referer ?? ''}`);
    assert(told.filter((text) => text.includes(secret) && !text.includes('#token=')).length === 0, 'a request tells of the token');
  };
  await page.getByLabel('URL').fill(crm.url('/typed'));
  await page.getByLabel('Description').fill('Typed before');
  await assertNowhere(token);

  // It expires.
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.waitFor();
  await dialog.getByText('The session has expired.').waitFor();
  await stage.assertAccessible(page, 'a session that has expired');
  await stage.picture(page, 'link-expired');
  await dialog.getByLabel('Link or token').fill('no token at all');
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await dialog.getByText('That is neither a session token nor a link with one.').waitFor();
  const second = await stage.ask('token 5');
  await dialog.getByLabel('Link or token').fill(`${stage.url}#token=${second}`);
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await dialog.waitFor({ state: 'detached' });
  const asTyped = async () => {
    assert((await page.getByLabel('URL').inputValue()) === crm.url('/typed'), 'the URL is there');
    assert((await page.getByLabel('Description').inputValue()) === 'Typed before', 'the description is there');
  };
  await asTyped();
  await assertNowhere(second);

  // It expires again. A link that is opened in another tab wakes this one.
  await dialog.waitFor();
  const other = await page.context().newPage();
  stage.watch(other);
  const third = await stage.ask('token 600');
  await other.goto(`${stage.url}#token=${third}`);
  await other.getByRole('heading', { level: 1 }).waitFor();
  await page.bringToFront();
  await dialog.waitFor({ state: 'detached' });
  await asTyped();
  await page.getByRole('button', { name: 'Create the endpoint' }).click();
  await page.getByRole('heading', { name: 'The endpoint is there' }).waitFor();
  const { endpoints } = await stage.call('GET', '/api/webhooks-config');
  assert(endpoints.filter(({ description }) => description === 'Typed before').length === 1, 'it was made once');

  // A link in the address of the page that is open.
  const fourth = await stage.ask('token 700');
  await page.evaluate((hash) => void (location.hash = hash), `token=${fourth}`);
  await eventually('it is out of the address', () => !page.url().includes('#'));
  await assertNowhere(fourth);

  // A link of another account: the page begins anew, and shows nothing of the former one, nor what was typed for it.
  await page.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await page.getByRole('link', { name: 'CRM' }).waitFor();
  await page.getByRole('link', { name: 'Create an endpoint' }).first().click();
  await page.getByLabel('URL').fill(crm.url('/draft'));
  await page.getByText('This address can be used.').waitFor();
  await page.reload();
  assert((await page.getByLabel('URL').inputValue()) === crm.url('/draft'), 'what was typed is there after a reload');
  const stranger = await stage.ask('token 600 org_other');
  await page.evaluate((hash) => void (location.hash = hash), `token=${stranger}`);
  await page.waitForURL(`${stage.url}/`);
  await page.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await page.getByRole('link', { name: 'Create an endpoint' }).first().click();
  assert((await page.getByLabel('URL').inputValue()) === '', 'what was typed for another account is seen');
  await page.goto(`${stage.url}/endpoints`);
  await page.getByRole('heading', { level: 1, name: 'Endpoints' }).waitFor();
  await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  assert((await page.getByRole('link', { name: 'CRM' }).count()) === 0, 'endpoints of the former account are gone');
  await assertNowhere(stranger);

  // Signed out, it is gone.
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Link or token').waitFor();
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  assert(!kept.includes(stranger), 'the token is kept after signing out');
});
