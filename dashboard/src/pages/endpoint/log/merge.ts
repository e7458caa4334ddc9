// What is shown of the log: the pages that were read, as they were then, and on top of them what has happened since. Rows that are
// shown change in place; new ones wait until whoever reads can bear that all others move.

import type { Filters, Row } from './rows';
import { passes } from './rows';

/** What was logged so long (ms) before the newest of the first page isn't new: the stream goes on where an earlier page left it. */
const LEEWAY = 10_000;

export class Merge {
  /** New rows that are shown, oldest first. */
  private shown = new Map<string, Row>();
  /** New rows that aren't shown yet, oldest first. */
  private waiting = new Map<string, Row>();
  /** What has become of rows of the pages. */
  private upgraded = new Map<string, Row>();

  get waitingCount(): number {
    return this.waiting.size;
  }

  get isLong(): boolean {
    return this.shown.size + this.waiting.size > 5000;
  }

  /** Takes in what has happened to deliveries. */
  take(rows: Row[], listed: Map<string, Row>, newest: string | undefined, filters: Filters): void {
    const begin = newest === undefined ? -Infinity : Date.parse(newest) - LEEWAY;
    for (const row of rows) {
      const place = [this.shown, this.waiting].find((one) => one.has(row.id));
      const known = place?.get(row.id) ?? this.upgraded.get(row.id) ?? listed.get(row.id);
      if (known && Date.parse(known.at) >= Date.parse(row.at)) continue;
      if (place) place.set(row.id, row);
      else if (known) this.upgraded.set(row.id, row);
      else if (passes(row, filters) && Date.parse(row.at) >= begin) this.waiting.set(row.id, row);
    }
  }

  /** Everything that was parked has been discarded. */
  discardParked(listed: Map<string, Row>): void {
    for (const row of listed.values()) {
      if ((this.upgraded.get(row.id) ?? row).status === 'parked') this.upgraded.set(row.id, { ...row, status: 'canceled' });
    }
  }

  /** Shows what waits. */
  release(): void {
    for (const [id, row] of this.waiting) this.shown.set(id, row);
    this.waiting.clear();
  }

  /** All that is to be shown, newest first. */
  over(listed: Map<string, Row>): Row[] {
    const rows = [...this.shown.values()].reverse();
    for (const row of listed.values()) {
      if (!this.shown.has(row.id)) rows.push(this.waiting.get(row.id) ?? this.upgraded.get(row.id) ?? row);
    }
    return rows;
  }
}
