// What has happened to endpoints since the page was opened, as the live log told it.

import { signal } from '@preact/signals';

import type { Schemas } from '../api/client';

/** So many are kept. */
const KEPT = 50;

/** The latest first. */
export const happenings = signal<Schemas['StreamedState'][]>([]);

export function happened(state: Schemas['StreamedState']): void {
  happenings.value = [state, ...happenings.value].slice(0, KEPT);
}
