// In development a link has the token: /dashboard#token=…. It is taken out of the address bar at once, and kept for this tab. Other
// tabs whose session has ended go on with the token of a link that is opened now.

import { session, type TokenSource } from '.';

const KEY = 'rkt-token';
const channel = new BroadcastChannel('rkt-session');

function takeFromAddress(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!given) return;
  history.replaceState(history.state, '', location.pathname + location.search);
  accept(given);
  channel.postMessage(given);
}

function accept(token: string): void {
  sessionStorage.setItem(KEY, token);
  session.changed();
}

/** Signs in with a token that somebody has typed or pasted: alone, or as part of a link. */
export function signInWith(text: string): void {
  const token = /token=([^&\s]+)/.exec(text)?.[1] ?? text.trim();
  accept(token);
  channel.postMessage(token);
}

export function linkSource(): TokenSource {
  takeFromAddress();
  addEventListener('hashchange', takeFromAddress);
  channel.addEventListener('message', (message: MessageEvent<unknown>) => {
    if (session.ended.value && typeof message.data === 'string') accept(message.data);
  });
  return {
    kind: 'link',
    current: () => Promise.resolve(sessionStorage.getItem(KEY)),
    refused: () => sessionStorage.removeItem(KEY),
    signOut: () => {
      sessionStorage.removeItem(KEY);
      location.assign('/dashboard');
    },
  };
}
