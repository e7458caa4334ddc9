// Who is signed in. One source of tokens for everything that calls the API.
//
// A call that is refused because the session has ended doesn't fail: it waits here until there is a new token, so that nothing
// that was typed is lost. Meanwhile `ended` tells the page to ask for it.

import { signal } from '@preact/signals';

/** Where tokens come from: a link, Clerk, or the page that frames this one. */
export interface TokenSource {
  kind: 'link' | 'clerk' | 'portal';
  /** The current token; `null` if there is none. */
  current(): Promise<string | null>;
  /** The API refused this token: whatever can be done without a person is done. */
  refused(token: string): void;
  /** Ends the session, where a person can do that here. */
  signOut?(): void;
}

const started = signal(false);
const ended = signal(false);
let source: TokenSource | null = null;
let refusedToken: string | null = null;
let waiting: (() => void)[] = [];

function wake(): void {
  const all = waiting;
  waiting = [];
  for (const one of all) one();
}

function change(signalled: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    waiting.push(resolve);
    signalled?.addEventListener('abort', () => reject(signalled.reason), { once: true });
  });
}

export const session = {
  /** Whether there has been a token since the page was opened. */
  started,
  /** Whether a person has to sign in again. */
  ended,

  get kind() {
    return source?.kind ?? null;
  },

  /** Uses this source from now on. */
  use(next: TokenSource): void {
    source = next;
    wake();
  },

  /** There is a new token, or may be. */
  changed(): void {
    refusedToken = null;
    ended.value = false;
    wake();
  },

  /** A token that hasn't been refused, as soon as there is one. */
  async token(signalled?: AbortSignal): Promise<string> {
    for (;;) {
      const token = (await source?.current()) ?? null;
      if (token && token !== refusedToken) {
        started.value = true;
        ended.value = false;
        return token;
      }
      ended.value = true;
      await change(signalled);
    }
  },

  /** The API refused a token. */
  refused(token: string): void {
    refusedToken = token;
    source?.refused(token);
  },

  signOut(): void {
    source?.signOut?.();
  },

  get canSignOut(): boolean {
    return source?.signOut !== undefined;
  },
};
