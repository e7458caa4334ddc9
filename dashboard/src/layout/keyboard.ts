// The registry of the keys that do something. Whatever is on the page adds its own with `useShortcut`; the list that `?` opens shows all
// that are there at the time.

import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import { recall, remember } from '../storage';

export interface Shortcut {
  /** A key as the browser names it (`j`, `Enter`, `?`), or some one after the other (`g e`). */
  keys: string;
  description: string;
  /** Whether it is the same on every page. */
  isEverywhere: boolean;
  run: (event: KeyboardEvent) => void;
}

const KEY = 'rkt-shortcuts';
/** So long after a key the next one of a sequence has to come (ms). */
const PATIENCE = 1200;

export const shortcuts = signal<Shortcut[]>([]);

/** Whether keys do anything: who dictates, or has a tremor, can switch them off. */
export const shortcutsOn = signal(recall(KEY) !== 'off');

export function switchShortcuts(on: boolean): void {
  remember(KEY, on ? null : 'off');
  shortcutsOn.value = on;
}

interface Options {
  /** Whether it works on every page, and is listed as such. */
  isEverywhere?: boolean;
  /** It does nothing, and isn't listed, while this is false. */
  enabled?: boolean;
}

/**
 * While the component is there, these keys call the handler. Never while somebody types in a field, and not beneath an open dialog or
 * menu. Of two for the same keys the one that came last counts. `Enter` and the space bar stay with the button or link that has the focus.
 */
export function useShortcut(keys: string, description: string, handler: (event: KeyboardEvent) => void, options: Options = {}): void {
  const { isEverywhere = false, enabled = true } = options;
  const latest = useRef(handler);
  latest.current = handler;
  useEffect(() => {
    if (!enabled) return;
    const one: Shortcut = { keys, description, isEverywhere, run: (event) => latest.current(event) };
    shortcuts.value = [...shortcuts.peek(), one];
    return () => {
      shortcuts.value = shortcuts.peek().filter((other) => other !== one);
    };
  }, [keys, description, isEverywhere, enabled]);
}

const FIELDS = 'input:not([type="checkbox"], [type="radio"], [type="button"]), textarea, select, [contenteditable=""], [contenteditable="true"]';
const PRESSED = 'a, button, summary, input, [role="button"], [role="tab"], [role="menuitem"], [role="option"]';

function isForPage(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.closest(FIELDS) || target.closest('[role="dialog"], [role="alertdialog"], [role="menu"]')) return false;
  return !((event.key === 'Enter' || event.key === ' ') && target.closest(PRESSED));
}

/** Whoever has searched goes on with the keyboard: `Escape` leaves the field, and what it says stays. */
function leavesSearch(event: KeyboardEvent): boolean {
  if (event.key !== 'Escape' || !(event.target instanceof HTMLInputElement) || event.target.type !== 'search') return false;
  event.preventDefault();
  event.target.blur();
  return true;
}

/** Listens to the keyboard for all that are registered, until the function that it returns is called. */
export function listenToKeys(): () => void {
  let pressed = '';
  let timer = 0;
  const onKey = (event: KeyboardEvent) => {
    if (!shortcutsOn.value || leavesSearch(event) || !isForPage(event) || ['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return;
    clearTimeout(timer);
    for (const attempt of pressed ? [`${pressed} ${event.key}`, event.key] : [event.key]) {
      const found = shortcuts.value.findLast((one) => one.keys === attempt);
      if (found) {
        pressed = '';
        event.preventDefault();
        found.run(event);
        return;
      }
      if (shortcuts.value.some((one) => one.keys.startsWith(`${attempt} `))) {
        pressed = attempt;
        timer = window.setTimeout(() => (pressed = ''), PATIENCE);
        return;
      }
    }
    pressed = '';
  };
  addEventListener('keydown', onKey);
  return () => {
    clearTimeout(timer);
    removeEventListener('keydown', onKey);
  };
}
