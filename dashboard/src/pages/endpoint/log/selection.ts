// Which deliveries are selected: by their ids, so that they stay so while the log moves on.

import { useRef, useState } from 'preact/hooks';

import type { Row } from './rows';

/** More than these are better replayed by what they have in common. */
export const MOST_SELECTED = 500;

export function useSelection() {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const anchor = useRef<string | null>(null);
  return {
    ids,
    clear: () => setIds(new Set()),
    /** Whether all of these are selected, or as many as can be. */
    has: (rows: Row[]) => rows.length > 0 && (ids.size >= MOST_SELECTED || rows.every((row) => ids.has(row.id))),
    /** Selects one, or no longer; with `rows`, all from the one before to it. */
    toggle: (id: string, rows?: Row[]) => {
      const next = new Set(ids);
      const isSelected = !ids.has(id);
      const range = rows?.map((row) => row.id) ?? [];
      const [from, to] = [range.indexOf(anchor.current ?? ''), range.indexOf(id)].sort((one, other) => one - other) as [number, number];
      for (const one of from >= 0 ? range.slice(from, to + 1) : [id]) {
        if (!isSelected) next.delete(one);
        else if (next.size < MOST_SELECTED) next.add(one);
      }
      anchor.current = id;
      setIds(next);
    },
    toggleAll: (rows: Row[]) => {
      const isAll = rows.every((row) => ids.has(row.id)) || ids.size >= MOST_SELECTED;
      setIds(new Set(isAll ? [] : rows.slice(0, MOST_SELECTED).map((row) => row.id)));
    },
  };
}

export type Selection = ReturnType<typeof useSelection>;
