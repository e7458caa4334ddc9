// A product that has the dashboard in its settings: the part of it that runs on a server. It needs Node 20 and nothing else.
//
//     WEBHOOKS_API_URL=http://127.0.0.1:3000 WEBHOOKS_MANAGE_KEY=… ACCOUNT_ID=org:org_dev PORT=4000 node server.mjs
//
// The manage key stays here. A browser gets portal sessions, for the account of whoever is signed in, and with what they may do.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { WEBHOOKS_API_URL = 'http://127.0.0.1:3000', WEBHOOKS_MANAGE_KEY, ACCOUNT_ID, PORT = '4000' } = process.env;
if (!WEBHOOKS_MANAGE_KEY || !ACCOUNT_ID) throw new Error('WEBHOOKS_MANAGE_KEY and ACCOUNT_ID must be set');
const webhooks = new URL(WEBHOOKS_API_URL).origin;

/** Who has an account of this product. Yours knows that already, and which account of the webhooks is theirs. */
const PEOPLE = {
  ada: { name: 'Ada', accountId: ACCOUNT_ID, access: 'write' },
  bob: { name: 'Bob', accountId: ACCOUNT_ID, access: 'read' },
};

/** Who is signed in, by the value of their cookie: the person, and the portal sessions that they were given. */
const signedIn = new Map();

async function callWebhooks(method, path, body) {
  const response = await fetch(`${webhooks}${path}`, {
    method,
    headers: { Authorization: `Bearer ${WEBHOOKS_MANAGE_KEY}`, ...(body && { 'Content-Type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  if (!response.ok && response.status !== 404) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  return response;
}

/** A session of the dashboard for whoever is signed in here. */
async function newPortalSession(visitor) {
  const { accountId, access } = PEOPLE[visitor.person];
  const made = await callWebhooks('POST', '/api/portal-sessions', { accountId, access });
  const { id, token, expiresAt } = await made.json();
  visitor.portalSessions.push(id);
  console.log(`${visitor.person} gets the portal session ${id}`);
  return { token, expiresAt, accountId, access };
}

/** Whoever signs out here is signed out of the dashboard too. Sessions that have expired are gone already. */
async function signOut(cookie, visitor) {
  signedIn.delete(cookie);
  await Promise.all(visitor.portalSessions.map((id) => callWebhooks('DELETE', `/api/portal-sessions/${id}`)));
}

const HEADERS = {
  'Content-Security-Policy':
    `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src ${webhooks}; ` +
    `base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
const FILES = {
  '/': ['text/html; charset=utf-8', read('settings.html').replace('{webhooks}', webhooks)],
  '/settings.js': ['text/javascript; charset=utf-8', read('settings.js')],
  '/settings.css': ['text/css; charset=utf-8', read('settings.css')],
};

async function answer(request) {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (request.method === 'GET') {
    const file = FILES[pathname];
    return file ? { status: 200, type: file[0], body: file[1] } : { status: 404 };
  }
  // Another site could send forms here, but it can't say that it is this one.
  if (request.method !== 'POST' || request.headers['sec-fetch-site'] !== 'same-origin') return { status: 403 };

  const cookie = /(?:^|;\s*)product=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
  const visitor = signedIn.get(cookie);
  const person = /^\/sign-in\/(\w+)$/.exec(pathname)?.[1];
  if (person && Object.hasOwn(PEOPLE, person)) {
    const made = randomUUID();
    signedIn.set(made, { person, portalSessions: [] });
    const cookies = { 'Set-Cookie': `product=${made}; HttpOnly; SameSite=Strict; Path=/` };
    return { status: 201, headers: cookies, type: 'application/json', body: JSON.stringify({ name: PEOPLE[person].name }) };
  }
  if (!visitor) return { status: 401 };
  if (pathname === '/webhooks-session') {
    return { status: 201, type: 'application/json', body: JSON.stringify(await newPortalSession(visitor)) };
  }
  if (pathname === '/sign-out') {
    await signOut(cookie, visitor);
    // The cookie means nothing any more. Whoever signs in meanwhile has another one, which stays.
    return { status: 204 };
  }
  return { status: 404 };
}

const server = createServer(async (request, response) => {
  let answered;
  try {
    answered = await answer(request);
  } catch (error) {
    console.error(error);
    answered = { status: 502 };
  }
  const { status, type, body = '', headers } = answered;
  response.writeHead(status, { ...HEADERS, ...(type && { 'Content-Type': type }), ...headers }).end(body);
});

server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://localhost:${server.address().port}`));
