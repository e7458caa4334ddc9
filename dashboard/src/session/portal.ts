// The page around this one hands over the session, by messages. Both check who is speaking: this page takes messages of the window around
// it alone, and only if its origin is one that the API allows. The token is kept in memory and nowhere else.

import { session, type TokenSource } from '.';
import { settings } from '../settings';
import { sessionIn, type PortalSession } from './portal-message';
import { apply } from './portal-theme';
import { PortalSignIn } from './portal-view';

export const HOME = '/dashboard/embed';

/** So long before a token expires, a new one is asked for (ms). */
const EARLY = 60_000;
/** And so long at least after one came, whatever the clocks say. */
const PAUSE = 30_000;
/** How long to wait before asking again, which doubles each time. */
const FIRST_REST = 1_000;
const LONGEST_REST = 30_000;

let current: string | null = null;
let refused: string | null = null;
let expiry: number | undefined;
let asking: number | undefined;
let began: () => void = () => undefined;

/** Settles with the first session. */
export const firstSession = new Promise<void>((resolve) => {
  began = resolve;
});

/** To whom this page speaks: the origin around it where the browser tells, else all that are allowed. */
function origins(): string[] {
  const around = location.ancestorOrigins?.[0];
  return around === undefined ? settings.portalOrigins : settings.portalOrigins.filter((origin) => origin === around);
}

export function post(message: { type: string } & Record<string, unknown>): void {
  for (const origin of origins()) parent.postMessage(message, origin);
}

function ask(rest = FIRST_REST): void {
  clearTimeout(asking);
  post(current === null && refused === null ? { type: 'rkt-portal.ready', version: 1 } : { type: 'rkt-portal.session-needed' });
  asking = window.setTimeout(() => ask(Math.min(rest * 2, LONGEST_REST)), rest);
}

/** Asks for a session at once. */
export function askAgain(): void {
  ask();
}

async function accept(next: PortalSession): Promise<void> {
  await apply(next.theme);
  session.access.value = next.access;
  if (next.token === refused) return;
  if (session.beginsAnew(next.accountId, HOME)) return;
  clearTimeout(asking);
  clearTimeout(expiry);
  current = next.token;
  if (next.expiresAt !== null) expiry = window.setTimeout(ask, Math.max(next.expiresAt - Date.now() - EARLY, PAUSE));
  session.changed();
  began();
}

export function portalSource(): TokenSource {
  addEventListener('message', (message) => {
    if (message.source !== parent || !settings.portalOrigins.includes(message.origin)) return;
    const next = sessionIn(message.data);
    if (next) void accept(next);
  });
  ask();
  return {
    kind: 'portal',
    // The page around takes a moment to get one from its backend.
    patience: 4_000,
    current: () => Promise.resolve(current),
    refused: (token) => {
      if (token !== current) return;
      refused = token;
      current = null;
      ask();
    },
    SignIn: PortalSignIn,
  };
}
