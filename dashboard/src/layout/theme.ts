// Light or dark: what the viewer's system says, until they choose.

import { signal } from '@preact/signals';

import { recall, remember } from '../storage';

export type Mode = 'light' | 'dark';

const KEY = 'rkt-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const mode = signal<Mode>('light');

function show(next: Mode): void {
  mode.value = next;
  document.documentElement.dataset.theme = next;
}

function stored(): Mode | null {
  const value = recall(KEY);
  return value === 'light' || value === 'dark' ? value : null;
}

export const theme = {
  mode,

  /** Shows what was chosen, else what the system says, and follows that. */
  begin(): void {
    show(stored() ?? (system.matches ? 'dark' : 'light'));
    system.addEventListener('change', () => stored() ?? show(system.matches ? 'dark' : 'light'));
  },

  /** Chooses, for this browser. */
  choose(next: Mode): void {
    remember(KEY, next);
    show(next);
  },

  /** Shows one without choosing it: the page around this one decides. */
  show,
};
