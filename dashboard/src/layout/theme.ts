// Light or dark: what the viewer's system says, until they choose, or the page around this one does.

import { signal } from '@preact/signals';

import { recall, remember } from '../storage';

export type Mode = 'light' | 'dark';

const KEY = 'rkt-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const mode = signal<Mode>('light');
let wanted: Mode | 'auto' = 'auto';

function show(): void {
  const next = wanted === 'auto' ? (system.matches ? 'dark' : 'light') : wanted;
  // Whoever learns of it reads the colours that it brings.
  document.documentElement.dataset.theme = next;
  mode.value = next;
}

system.addEventListener('change', show);

export const theme = {
  mode,

  /** Shows what was chosen in this browser, else what the system says. */
  begin(): void {
    const stored = recall(KEY);
    theme.follow(stored === 'light' || stored === 'dark' ? stored : 'auto');
  },

  /** Chooses, for this browser. */
  choose(next: Mode): void {
    remember(KEY, next);
    theme.follow(next);
  },

  /** Shows one without keeping it; `auto`: as the system says, from now on. */
  follow(next: Mode | 'auto'): void {
    wanted = next;
    show();
  },
};
