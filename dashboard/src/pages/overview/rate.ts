// How many attempts ended in each of the last seconds, counted from the live log. What was counted stays while one looks at other pages.

import { signal } from '@preact/signals';

import { listen } from '../../api/stream';

/** So many seconds are shown. */
export const SPAN = 60;

export interface Second {
  at: number;
  succeeded: number;
  failed: number;
}

const second = () => Math.floor(Date.now() / 1000);
const empty = (at: number): Second => ({ at, succeeded: 0, failed: 0 });

let counted: Second[] = [];
let isCounting = false;
let began = 0;

/** The seconds that are over, oldest first. */
export const seconds = signal<Second[]>(Array.from({ length: SPAN }, (_, index) => empty(second() - SPAN + index)));

function begin(): void {
  listen((message) => {
    if (message.type !== 'attempt' || message.data.durationMs === null || message.data.outcome === 'held') return;
    const at = second();
    let last = counted.at(-1);
    if (last?.at !== at) {
      last = empty(at);
      counted.push(last);
    }
    if (message.data.outcome === 'succeeded') last.succeeded += 1;
    else last.failed += 1;
  });
  setInterval(() => {
    const now = second();
    counted = counted.filter((one) => one.at >= now - SPAN);
    const byTime = new Map(counted.map((one) => [one.at, one]));
    seconds.value = Array.from({ length: SPAN }, (_, index) => ({ ...(byTime.get(now - SPAN + index) ?? empty(now - SPAN + index)) }));
  }, 1000);
}

/** Counts from now on. */
export function count(): void {
  if (isCounting) return;
  isCounting = true;
  began = second();
  begin();
}

/** An average is taken over so many seconds. */
const OVER = 10;

/** Attempts in a second, on average over the last ones that were counted. */
export function average(kind: 'succeeded' | 'failed'): number {
  const over = Math.min(OVER, Math.max(1, second() - began));
  return seconds.value.slice(-over).reduce((sum, one) => sum + one[kind], 0) / over;
}
