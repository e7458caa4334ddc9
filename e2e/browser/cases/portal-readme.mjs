// What the README of the example says, word for word: its frame and its listener, within the policy and the sandbox that it names, and
// what it says about each message.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

import { assert, eventually, play, receiver } from '../stage.mjs';

const { EXAMPLE, PORTAL_ORIGINS } = process.env;

const readme = await readFile(new URL('README.md', `file://${EXAMPLE}`), 'utf8');

/** The code of this kind that has these words in it. */
function code(kind, words) {
  const blocks = [...readme.matchAll(new RegExp(`\`\`\`${kind}\n([^]*?)\`\`\``, 'g'))].map(([, block]) => block);
  const [found, ...more] = blocks.filter((block) => block.includes(words));
  assert(found && more.length === 0, `one block has ${words}`);
  return found;
}

await play(async (stage) => {
  const origin = new URL(stage.url).origin;
  const crm = await receiver();
  await stage.endpoint(crm.url(), ['*'], { description: 'CRM' });
  const sandbox = /a `sandbox`, if you want one, needs `([^`]+)`/.exec(readme)[1];
  const frameSource = /it needs `(frame-src [^`]+)`/.exec(readme)[1].replace('https://webhooks.example.com', origin);
  const here = (text) => text.replaceAll('https://webhooks.example.com', origin);
  const html = here(code('html', '<iframe')).replace('<iframe ', `<iframe sandbox="${sandbox}" `);
  const files = {
    '/': ['text/html', `<!doctype html><html lang="en"><title>Settings</title>${html}<script src="/script.js"></script></html>`],
    '/script.js': ['text/javascript', `window.told = []; addEventListener('message', ({ data }) => window.told.push(data));\n${here(code('js', 'addEventListener'))}`],
  };
  let isThere = false;
  let made = 0;
  const server = createServer(async ({ url }, response) => {
    if (url !== '/webhooks-session') {
      const [type, body] = files[url] ?? ['text/plain', ''];
      return response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': `default-src 'self'; style-src 'self' 'unsafe-inline'; ${frameSource}` }).end(body);
    }
    if (!isThere) return response.writeHead(503).end();
    made += 1;
    const { token, accountId, access, expiresAt } = await stage.manage('POST', '/api/portal-sessions', { accountId: stage.account, access: 'write' });
    assert(Math.abs(Date.parse(expiresAt) - Date.now() - 15 * 60_000) < 60_000, `15 minutes: until ${expiresAt}`);
    return response.writeHead(201, { 'Content-Type': 'application/json' }).end(JSON.stringify({ token, accountId, access, expiresAt }));
  });
  await new Promise((resolve) => server.listen(Number(new URL(PORTAL_ORIGINS).port), '127.0.0.1', resolve));
  stage.atEnd.push(() => {
    server.closeAllConnections();
    server.close();
  });

  // It asks again and again until there is a session.
  stage.allow(/status of 503|rkt-portal\.session: /);
  const page = await stage.page({ url: `${PORTAL_ORIGINS}/`, prepare: (context) => context.clock.install() });
  const told = (type) => page.evaluate((of) => window.told.filter((one) => one.type === of), type);
  await eventually('it asks again', async () => {
    await page.clock.runFor(1000);
    return (await told('rkt-portal.ready')).length >= 3;
  });
  assert((await told('rkt-portal.ready')).every(({ version }) => version === 1) && (await told('rkt-portal.session-needed')).length === 0, 'it is ready, and has had no session yet');
  isThere = true;
  const dashboard = page.frameLocator('#webhooks');
  const link = dashboard.getByRole('link', { name: 'Endpoints', exact: true });
  await eventually('it has a session', async () => {
    await page.clock.runFor(1000);
    return made > 0;
  });
  await link.click();
  await dashboard.getByRole('link', { name: 'CRM' }).waitFor();
  const frame = await (await page.locator('#webhooks').elementHandle()).contentFrame();
  const token = (name) => frame.evaluate((of) => getComputedStyle(document.documentElement).getPropertyValue(of).trim(), name);
  assert((await token('--accent')) === '#0f766e', 'it has the theme');
  const { height } = (await told('rkt-portal.height')).at(-1);
  assert((await page.locator('#webhooks').evaluate((element) => element.style.height)) === `${height}px`, 'the frame is so high');

  // The next session in time.
  const before = made;
  await page.clock.fastForward(13 * 60_000);
  assert(made === before, 'two minutes before the end nothing is asked for');
  await page.clock.fastForward(70_000);
  await eventually('within the last minute the next session comes', () => made === before + 1);
  assert((await told('rkt-portal.session-needed')).length === 1, 'it was asked for once');

  // Forms, and links to other places, in a sandbox.
  await dashboard.getByRole('link', { name: 'Create an endpoint' }).first().click();
  await dashboard.getByLabel('URL').fill(crm.url('/new'));
  await dashboard.getByLabel('All events').check();
  await dashboard.getByRole('button', { name: 'Create the endpoint' }).click();
  await dashboard.getByRole('heading', { name: 'The endpoint is there' }).waitFor();

  // A light accent can be read; what isn't known is ignored, with a warning.
  const session = await stage.manage('POST', '/api/portal-sessions', { accountId: stage.account, access: 'read' });
  const send = (message) => page.evaluate(([sent, to]) => document.querySelector('#webhooks').contentWindow.postMessage({ type: 'rkt-portal.session', ...sent }, to), [message, origin]);
  const { token: mine, accountId, access, expiresAt } = session;
  await send({ token: mine, accountId, access, expiresAt, theme: { accent: '#fde047', radius: 99, font: 'comic', mode: 'neon', language: 'tlh', shadow: 1 }, more: true });
  await eventually('the accent is there', async () => (await token('--accent')) === '#fde047');
  await dashboard.getByText('Read only').waitFor();
  await link.click();
  await dashboard.getByRole('link', { name: 'CRM' }).waitFor();
  await stage.assertAccessible(frame, 'a light accent');
  await stage.picture(page, 'portal-accent');
  const warned = stage.complaints.filter((text) => text.includes('rkt-portal.session: ')).map((text) => / session: (\S+)/.exec(text.replace('rkt-portal.session', ' session'))?.[1]);
  assert(['more', 'theme.radius', 'theme.font', 'theme.mode', 'theme.language', 'theme.shadow'].every((name) => warned.includes(name)) && warned.length === 6, `warned of ${warned}`);

  // Another account: nothing of the former one is shown.
  const other = await stage.manage('POST', '/api/portal-sessions', { accountId: 'org:org_other', access: 'write' });
  await page.evaluate(() => (window.fetch = () => new Promise(() => undefined)));
  await send({ token: other.token, accountId: 'org:org_other' });
  await eventually('the page begins anew', async () => (await told('rkt-portal.ready')).length > 3 && frame.url().endsWith('/dashboard/embed'));
  await eventually('it takes the session', async () => {
    await send({ token: other.token, accountId: 'org:org_other' });
    return (await link.count()) > 0;
  });
  await link.click();
  await dashboard.getByRole('heading', { level: 1, name: 'Endpoints' }).waitFor();
  await dashboard.locator('.skeleton').first().waitFor({ state: 'detached' });
  assert((await dashboard.getByRole('link', { name: 'CRM' }).count()) === 0, 'an endpoint of the former account is shown');
});
