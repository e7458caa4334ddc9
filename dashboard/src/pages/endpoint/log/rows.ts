// A line of the log: of what the API lists, and of what the stream says, in one shape. Which filter it passes.

import type { Delivery, Schemas } from '../../../api/client';

export type Status = Delivery['status'];

export const STATUSES: Status[] = ['succeeded', 'retrying', 'exhausted', 'pending', 'in_flight', 'parked', 'quarantined'];

/** Deliveries in these states have no attempt that the stream would tell of: they are listed anew every few seconds. */
export const UNSTREAMED: Status[] = ['pending', 'in_flight', 'parked', 'quarantined'];

export interface Row {
  id: string;
  event: string | null;
  status: Status;
  attempts: number;
  /** When its last attempt ended; before the first, when its event was accepted. */
  at: string;
  httpStatus: number | null;
  durationMs: number | null;
  error: Delivery['error'];
  heldUntil: string | null;
  test: boolean;
  isReplay: boolean;
}

export interface Filters {
  status: Status | null;
  event: string | null;
  since: string | null;
  until: string | null;
}

const rowsOfPages = new WeakMap<Schemas['DeliveryList'], Row[]>();

/** The rows of a page: always the same ones. */
export function rowsOf(page: Schemas['DeliveryList']): Row[] {
  const known = rowsOfPages.get(page) ?? page.deliveries.map(rowOf);
  rowsOfPages.set(page, known);
  return known;
}

function rowOf(delivery: Delivery): Row {
  const { id, event, status, attempts, httpStatus, durationMs, error, heldUntil, test } = delivery;
  const at = delivery.lastAttemptAt ?? delivery.acceptedAt;
  return { id, event, status, attempts, at, httpStatus, durationMs, error, heldUntil, test, isReplay: delivery.replayOf !== null };
}

/** The delivery after this attempt. One that its receiver has asked to wait is tried again later, as after a failure. */
export function rowAfter(attempt: Schemas['StreamedAttempt']): Row {
  const { deliveryId: id, event, at, httpStatus, durationMs, error, heldUntil, test, replay: isReplay } = attempt;
  const status = attempt.outcome === 'held' ? 'retrying' : attempt.outcome;
  return { id, event, status, attempts: attempt.attempt, at, httpStatus, durationMs, error, heldUntil, test, isReplay };
}

export function passes(row: Row, { status, event, since, until }: Filters): boolean {
  const at = Date.parse(row.at);
  return (
    (status === null || row.status === status) &&
    (event === null || row.event === event) &&
    (since === null || at >= Date.parse(since)) &&
    (until === null || at < Date.parse(until))
  );
}
