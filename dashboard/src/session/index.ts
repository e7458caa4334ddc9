// Who is signed in. One source of tokens for everything that calls the API.
//
// A call that is refused because the session has ended doesn't fail: it waits here until there is a new token, so that nothing
// that was typed is lost. Meanwhile `ended` tells the page to ask for it.

import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';

import { forgetTab, recall, remember } from '../storage';
import { abortable, Waiting } from './waiting';

/** Whose account this tab was used for, which what is kept for the tab may be about. */
const ACCOUNT = 'rkt-account';

/** Where tokens come from: a link, Clerk, or the page that frames this one. */
export interface TokenSource {
  kind: 'link' | 'clerk' | 'portal';
  /** The current token; `null` if there is none. */
  current(): Promise<string | null>;
  /** The API refused this token, with this code: whatever can be done without a person is done. */
  refused(token: string, code: string): void;
  /** For so long (ms) a new token may come by itself, before a person is told that the session has ended. */
  patience: number;
  /** How a person signs in; `again`, while the page beneath waits for it. */
  SignIn: ComponentType<{ again?: boolean }>;
  /** Ends the session, where a person can do that here. */
  signOut?(): void;
  /** Shows and changes for which account somebody is signed in. */
  Account?: ComponentType;
}

const started = signal(false);
const ended = signal(false);
/** The code of the last refusal, until there is a token that isn't refused. */
const refusal = signal<string | null>(null);
/** What the session allows, where that is known beforehand. */
const access = signal<'read' | 'write' | null>(null);

const waiting = new Waiting();
let source: TokenSource | null = null;
let given: string | null = null;
let refusedToken: string | null = null;
let account = recall(ACCOUNT, 'sessionStorage');
let telling: number | undefined;

function missing(): void {
  if (ended.value || telling !== undefined) return;
  telling = window.setTimeout(() => {
    telling = undefined;
    ended.value = true;
  }, source?.patience ?? 0);
}

function found(token: string): string {
  clearTimeout(telling);
  telling = undefined;
  given = token;
  started.value = true;
  ended.value = false;
  return token;
}

export const session = {
  /** Whether there has been a token since the page was opened. */
  started,
  /** Whether a person has to sign in again. */
  ended,
  refusal,
  access,

  get kind() {
    return source?.kind ?? null;
  },

  get SignIn() {
    return source?.SignIn ?? null;
  },

  get Account() {
    return source?.Account ?? null;
  },

  /** Uses this source from now on. */
  use(next: TokenSource): void {
    source = next;
    waiting.wake();
  },

  /** There is a new token, or may be. */
  changed(): void {
    refusedToken = null;
    waiting.wake();
  },

  /** A token that hasn't been refused, as soon as there is one. */
  async token(aborted?: AbortSignal): Promise<string> {
    for (;;) {
      aborted?.throwIfAborted();
      const seen = waiting.wakes;
      const token = source && (await abortable(source.current(), aborted));
      if (token && token !== refusedToken) return found(token);
      if (seen !== waiting.wakes) continue;
      missing();
      await waiting.wait(aborted);
    }
  },

  /** The API refused a token. Another one may be in use meanwhile, which that says nothing about. */
  refused(token: string, code: string): void {
    if (token !== given) return;
    refusedToken = token;
    refusal.value = code;
    source?.refused(token, code);
  },

  /** The API took a token. */
  accepted(token: string): void {
    if (token === given) refusal.value = null;
  },

  /**
   * Somebody signs in for this account. The page of another one begins anew, so that nothing of it is seen, and nothing that was typed
   * for it: then the answer is `true`, and nothing needs to be done.
   */
  beginsAnew(next: string | null, home: string): boolean {
    if (next === null || next === account) return false;
    const isAnother = account !== null;
    if (isAnother) forgetTab();
    account = next;
    remember(ACCOUNT, next, 'sessionStorage');
    if (isAnother) location.replace(home);
    return isAnother;
  },

  signOut(): void {
    forgetTab();
    source?.signOut?.();
  },

  get canSignOut(): boolean {
    return source?.signOut !== undefined;
  },
};
