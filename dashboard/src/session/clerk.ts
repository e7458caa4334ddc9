// Signed in by Clerk, whose script is loaded when this file is. Each call asks it for a token, which it renews by itself.

import { signal } from '@preact/signals';
import { navigate } from 'wouter-preact/use-browser-location';

import { session, type TokenSource } from '.';
import { t } from '../texts';
import { say } from '../ui/toast';
import { hostIn, loadScript, type Clerk, type ClerkSession, type ClerkState } from './clerk-script';
import { ClerkSignIn, OrganisationSwitcher } from './clerk-view';

export const HOME = '/dashboard/';

/** A token that is refused so soon (ms) after it was made would be refused again. */
const FRESH = 30_000;

export type Progress =
  | { is: 'loading' }
  | { is: 'failed'; host: string | null }
  | { is: 'ready'; clerk: Clerk };

export const progress = signal<Progress>({ is: 'loading' });

/** Whether somebody is signed in with Clerk, and the API doesn't accept that. */
export const isRefused = signal(false);

/** Whether somebody is signed in who has organisations. */
export const hasOrganisations = signal(false);

let publishableKey = '';
let loaded: Promise<Clerk | null> = Promise.resolve(null);
/** Whose session it was when it last changed. */
let known = '';
let stale: string | null = null;
/** The last one that was asked for in place of one that was refused. */
let renewed: { of: string; token: string; at: number } | null = null;
let renewing: Promise<string | null> | null = null;

/** Where Clerk wants to go when somebody has signed in: on this page that loses nothing. */
function go(to: string): void {
  const url = new URL(to, location.href);
  if (url.pathname === location.pathname && url.search === location.search) navigate(url.pathname + url.search, { replace: true });
  else location.assign(url);
}

function follow({ session: next, user, organization }: ClerkState): void {
  // Between two sessions it is neither.
  if (next === undefined) return;
  hasOrganisations.value = (user?.organizationMemberships.length ?? 0) > 0;
  // Whoever hasn't finished may still have to choose the organisation.
  const account = next && next.status !== 'pending' && user ? JSON.stringify([user.id, organization?.id]) : null;
  const now = JSON.stringify([next?.id, next?.status, account]);
  if (now === known) return;
  known = now;
  if (session.beginsAnew(account, HOME) || !next) return;
  retry();
}

/** Begins again with the session that there is. */
export function retry(): void {
  isRefused.value = false;
  stale = renewed = renewing = null;
  session.changed();
}

async function begin(): Promise<Clerk | null> {
  progress.value = { is: 'loading' };
  const host = hostIn(publishableKey);
  try {
    if (host === null) throw new Error('the publishable key names no host');
    const clerk = await loadScript(publishableKey, host);
    await clerk.load({ routerPush: go, routerReplace: go, afterSignOutUrl: HOME });
    clerk.addListener(follow);
    progress.value = { is: 'ready', clerk };
    return clerk;
  } catch (error) {
    console.warn(error);
    progress.value = { is: 'failed', host };
    return null;
  }
}

/** Loads Clerk once more. */
export function loadAgain(): void {
  loaded = begin();
  void loaded.then(() => session.changed());
}

/** Another token in place of one that was refused: one for however many calls want it. */
async function renew(signedIn: ClerkSession, refusedToken: string): Promise<string | null> {
  const token = await signedIn.getToken({ skipCache: true });
  if (token === null) return null;
  if (token === refusedToken) isRefused.value = true;
  renewed = { of: refusedToken, token, at: Date.now() };
  return token;
}

async function current(): Promise<string | null> {
  const signedIn = (await loaded)?.session;
  // A pending session still has to do something, which the form for signing in shows.
  if (!signedIn || signedIn.status === 'pending' || isRefused.value) return null;
  const token = await signedIn.getToken();
  if (token === null || token !== stale) return token;
  if (renewed?.of === token) return renewed.token;
  renewing ??= renew(signedIn, token).finally(() => (renewing = null));
  return renewing;
}

function refused(token: string): void {
  const isFresh = renewed?.token === token && Date.now() - renewed.at < FRESH;
  if (isFresh) isRefused.value = true;
  else stale = token;
}

function signOut(): void {
  const state = progress.value;
  if (state.is !== 'ready') return;
  state.clerk.signOut({ redirectUrl: HOME }).then(
    () => location.assign(HOME),
    () => say(t('clerk.signOutFailed'), { tone: 'bad' }),
  );
}

export function clerkSource(key: string): TokenSource {
  publishableKey = key;
  loaded = begin();
  return { kind: 'clerk', patience: 0, current, refused, signOut, SignIn: ClerkSignIn, Account: OrganisationSwitcher };
}
