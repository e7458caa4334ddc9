// Signed in by a link (see `address`). The token is kept for this tab. Other tabs whose session has ended go on with the token of a link
// that is opened now.

import { session, type TokenSource } from '.';
import { recall, remember } from '../storage';
import { takeFromAddress, tokenIn } from './address';
import { LinkForm } from './link-form';

const HOME = '/dashboard/';
const KEY = 'rkt-token';
const channel = new BroadcastChannel('rkt-session');

let current: string | null = null;

function set(token: string | null): void {
  current = token;
  remember(KEY, token, 'sessionStorage');
}

/** Whose token it is, if it says that in the way of JWTs. */
function accountOf(token: string): string | null {
  try {
    const [, payload = ''] = token.split('.');
    const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>;
    const organisation = claims.org_id ?? (claims.o as { id?: unknown } | undefined)?.id;
    return JSON.stringify([claims.sub, organisation]);
  } catch {
    return null;
  }
}

function accept(token: string): void {
  const isAnew = session.beginsAnew(accountOf(token), HOME);
  set(token);
  if (!isAnew) session.changed();
}

function acceptForAll(token: string): void {
  accept(token);
  channel.postMessage(token);
}

/** Signs in with what somebody has typed or pasted: a token, or a link with one. Says whether there is one in it. */
export function signInWith(text: string): boolean {
  const token = tokenIn(text);
  if (token) acceptForAll(token);
  return token !== null;
}

function lookAtAddress(): void {
  const token = takeFromAddress();
  if (token) acceptForAll(token);
}

export function linkSource(): TokenSource {
  current = recall(KEY, 'sessionStorage');
  if (current) session.beginsAnew(accountOf(current), HOME);
  lookAtAddress();
  addEventListener('hashchange', lookAtAddress);
  channel.addEventListener('message', (message: MessageEvent<unknown>) => {
    const token = typeof message.data === 'string' ? tokenIn(message.data) : null;
    if (session.ended.value && token) accept(token);
  });
  return {
    kind: 'link',
    patience: 0,
    current: () => Promise.resolve(current),
    refused: (token) => {
      if (token === current) set(null);
    },
    signOut: () => {
      set(null);
      location.assign(HOME);
    },
    SignIn: LinkForm,
  };
}
