// The filters, which stand in the address: what one sees can be shared, and is there again after a reload.

import { useMemo } from 'preact/hooks';
import { useSearchParams } from 'wouter-preact';

import { STATUSES, type Filters, type Status } from './rows';

const NAMES = ['status', 'event', 'since', 'until'] as const;

export function useFilters(): [Filters, (change: Partial<Filters>) => void] {
  const [params, setParams] = useSearchParams();
  const [status, event, since, until] = NAMES.map((name) => params.get(name) || null);
  const filters = useMemo<Filters>(
    () => ({
      status: STATUSES.find((one) => one === status) ?? null,
      event: event ?? null,
      since: since && !Number.isNaN(Date.parse(since)) ? since : null,
      until: until && !Number.isNaN(Date.parse(until)) ? until : null,
    }),
    [status, event, since, until],
  );
  const change = (changed: Partial<Record<(typeof NAMES)[number], Status | string | null>>) =>
    setParams(
      (now) => {
        const next = new URLSearchParams(now);
        for (const [name, value] of Object.entries(changed)) {
          if (value) next.set(name, value);
          else next.delete(name);
        }
        return next;
      },
      { replace: true },
    );
  return [filters, change];
}

export function isFiltered(filters: Filters): boolean {
  return NAMES.some((name) => filters[name] !== null);
}
