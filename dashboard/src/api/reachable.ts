// Whether the API answers: a bar says so while it doesn't, and goes by itself.

import { signal } from '@preact/signals';

const isAway = signal(false);

export const reachable = {
  /** Becomes true with a call that got no answer, and false with the next one that did. */
  isAway,
  failed: () => void (isAway.value = true),
  answered: () => void (isAway.value = false),
};
