// Pages of other origins can't frame the dashboard, nor hand it a session; and the token of a session is kept nowhere.

import { createServer } from 'node:http';

import { dashboardIn, frameOf, Product } from '../product.mjs';
import { assert, eventually, play, receiver } from '../stage.mjs';

/** A web page of an origin that PORTAL_ORIGINS doesn't name. */
async function stranger(stage, html) {
  const server = createServer((_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(html));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.atEnd.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://localhost:${server.address().port}/`;
}

await play(async (stage) => {
  const crm = await receiver();
  await stage.endpoint(crm.url(), ['*'], { description: 'CRM' });
  const theirs = await stage.manage('POST', '/api/portal-sessions', { accountId: 'org:org_attacker', access: 'write' });
  await stage.call('POST', '/api/webhooks-config', { url: crm.url('/attacker'), events: ['*'], description: 'A trap' }, { token: theirs.token });

  // A frame elsewhere stays empty.
  stage.allow(/Framing .* violates the following Content Security Policy directive: "frame-ancestors|Refused to (frame|display)|ERR_BLOCKED_BY_RESPONSE/);
  const elsewhere = await stranger(stage, `<!doctype html><title>Elsewhere</title><iframe title="Webhooks" src="${stage.url}/embed"></iframe><iframe src="${stage.url}"></iframe>`);
  const framed = await stage.page({ url: elsewhere });
  await eventually('the browser refuses both frames', () => stage.complaints.filter((text) => /frame-ancestors/.test(text)).length >= 2);
  for (const frame of framed.frames().slice(1)) {
    assert((await frame.locator('#app').count()) === 0, `${frame.url()} is shown in a frame elsewhere`);
  }
  await framed.context().close();

  // What the product's own page shows.
  const product = await Product.start(stage);
  const page = await stage.page({ url: product.url });
  const [requests, tokens] = [[], []];
  page.context().on('request', (request) => requests.push(request));
  page.context().on('response', async (response) => {
    if (new URL(response.url()).pathname === '/webhooks-session') tokens.push((await response.json()).token);
  });
  await product.signIn(page, 'Ada');
  const dashboard = dashboardIn(page);
  await dashboard.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await dashboard.getByRole('link', { name: 'CRM' }).waitFor();
  const frame = await frameOf(page);
  await frame.evaluate(() => {
    window.got = [];
    addEventListener('message', ({ data, origin }) => window.got.push([origin, data.from]));
  });

  // Windows that reach the frame: of another origin, and another one of the right origin.
  const attack = ({ origin, from, token }) => {
    const session = { type: 'rkt-portal.session', token, accountId: 'org:org_attacker', theme: { accent: '#ff0000' }, from };
    window.opener.frames[0].postMessage(session, origin);
  };
  const origin = new URL(stage.url).origin;
  const address = await stranger(stage, '<!doctype html><title>Another window</title>');
  for (const [from, url] of [['another origin', address], ['another window', `${product.url}/`]]) {
    const [popup] = await Promise.all([page.waitForEvent('popup'), page.evaluate((to) => void window.open(to), url)]);
    await popup.waitForLoadState();
    await popup.evaluate(attack, { origin, from, token: theirs.token });
    await eventually(`the message of ${from} is there`, () => frame.evaluate((of) => window.got.some(([, one]) => one === of), from));
    await popup.close();
  }
  // The frame itself, and a page around it whose message isn't one.
  await frame.evaluate((token) => postMessage({ type: 'rkt-portal.session', token, from: 'itself' }, '*'), theirs.token);
  await eventually('its own message is there', () => frame.evaluate(() => window.got.some(([, one]) => one === 'itself')));
  await dashboard.getByRole('link', { name: 'Overview', exact: true }).click();
  await dashboard.getByRole('link', { name: 'Endpoints', exact: true }).click();
  await stage.push('lead.captured');
  await eventually('the event was delivered', () => crm.requests.length === 1);
  await dashboard.getByRole('link', { name: 'CRM' }).waitFor();
  assert((await dashboard.getByText('A trap').count()) === 0, 'endpoints of a stranger are shown');
  const accent = await frame.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--accent').trim());
  assert(accent === '#0f766e', `a stranger has changed the look to ${accent}`);

  // By itself, in a window that a stranger has opened, it takes nothing either.
  const opener = await stage.page({ url: address });
  const [alone] = await Promise.all([opener.waitForEvent('popup'), opener.evaluate((to) => void (window.opened = window.open(to)), `${stage.url}/embed`)]);
  alone.on('request', (request) => requests.push(request));
  await alone.getByRole('heading', { name: 'This page belongs in yours' }).waitFor();
  await opener.evaluate(([token, to]) => window.opened.postMessage({ type: 'rkt-portal.session', token }, to), [theirs.token, origin]);
  await stage.assertAccessible(alone, 'the page by itself');

  const authorized = requests.map((request) => request.headers().authorization).filter(Boolean);
  assert(tokens.length > 0 && authorized.includes(`Bearer ${tokens[0]}`), 'calls are made with the session of the product');
  assert(!authorized.includes(`Bearer ${theirs.token}`), 'a call was made with the token of a stranger');

  // The token is in memory alone.
  const places = async (of) => of.evaluate(async () => {
    // A browser may forbid a page in a frame to keep anything.
    const tried = async (kept) => {
      try {
        return await kept();
      } catch {
        return null;
      }
    };
    return JSON.stringify([
      await tried(() => ({ ...localStorage })), await tried(() => ({ ...sessionStorage })), await tried(() => indexedDB.databases()), await tried(() => caches.keys()),
      document.cookie, location.href, history.state, window.name, document.documentElement.outerHTML,
      [...document.querySelectorAll('input, textarea')].map((input) => input.value),
    ]);
  });
  const texts = [await places(frame), await places(page), ...requests.map((request) => `${request.url()} ${request.postData() ?? ''} ${request.headers().referer ?? ''}`)];
  for (const token of tokens) {
    assert(token.startsWith('rkp_') && texts.every((text) => !text.includes(token)), `the token is in ${texts.find((text) => text.includes(token))}`);
  }
});
