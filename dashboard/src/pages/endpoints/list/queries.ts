// The endpoints of the account, as far as they are asked for, and what is done with many of them.

import { infiniteQueryOptions, keepPreviousData, useMutation, type InfiniteData, type UseInfiniteQueryResult } from '@tanstack/preact-query';
import { useSearchParams } from 'wouter-preact';

import { api, dataOf, type ListedEndpoint, type Schemas } from '../../../api/client';
import { endpointsChanged } from '../../../api/queries';
import { t, tn } from '../../../texts';
import { say, sayError } from '../../../ui/toast';

export interface Filters {
  search: string;
  state: string;
  event: string;
  chatbotId: string;
}

const NAMES = ['search', 'state', 'event', 'chatbotId'] as const;

/** What the list is narrowed to stands in the address. */
export function useFilters(): [Filters, (part: Partial<Filters>) => void] {
  const [params, setParams] = useSearchParams();
  const filters = Object.fromEntries(NAMES.map((name) => [name, params.get(name) ?? ''])) as unknown as Filters;
  const change = (part: Partial<Filters>) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        for (const [name, value] of Object.entries(part)) {
          if (value) next.set(name, value);
          else next.delete(name);
        }
        return next;
      },
      { replace: true },
    );
  return [filters, change];
}

export const endpointsQuery = (filters: Filters) =>
  infiniteQueryOptions({
    queryKey: ['endpoints', filters],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const query = Object.fromEntries(Object.entries(filters).filter(([, value]) => value));
      return dataOf(api.GET('/api/webhooks-config', { params: { query: { ...query, cursor: pageParam, limit: 50 } }, signal }));
    },
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    // While somebody types, what was found before stays until there is something else.
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });

/** So often a page that was put off is asked for again. */
const TRIES = 5;

/** Reads a page more. What happens at the endpoints meanwhile has the list read anew, which puts the page off: then it is asked for again. */
export async function readMore({ data, fetchNextPage }: Pick<UseInfiniteQueryResult<InfiniteData<unknown>>, 'data' | 'fetchNextPage'>): Promise<void> {
  for (let count = 0; count < TRIES; count += 1) {
    const now = await fetchNextPage();
    if (now.isError || !now.hasNextPage || now.data?.pages.length !== data?.pages.length) return;
  }
}

export type Wanted = 'active' | 'off' | 'paused';

/** What each was before, so that it can be undone. */
type Before = Pick<ListedEndpoint, 'id' | 'state'>[];

async function change(ids: string[], state: Wanted): Promise<Schemas['ChangedEndpoints']> {
  return dataOf(api.PATCH('/api/webhooks-config/bulk', { body: { ids, state } }));
}

async function undo(before: Before): Promise<void> {
  for (const state of ['active', 'paused', 'off'] as const) {
    const ids = before.filter((one) => one.state === state).map((one) => one.id);
    if (ids.length > 0) await change(ids, state);
  }
  endpointsChanged();
}

/** Switches many, and says when that is done. Whatever was disabled before can't be made so again, and has no way back. */
export function useBulk(onDone: () => void) {
  return useMutation({
    mutationFn: ({ endpoints, state }: { endpoints: ListedEndpoint[]; state: Wanted }) => change(endpoints.map((one) => one.id), state),
    onSuccess: (result, { endpoints, state }) => {
      endpointsChanged();
      onDone();
      const changed = new Set(result.results.filter((one) => one.status === 200).map((one) => one.id));
      const before = endpoints.filter((one) => changed.has(one.id));
      const isUndoable = before.length > 0 && before.every((one) => one.state !== 'disabled');
      if (result.changed > 0) say(tn(`endpoints.done.${state}`, result.changed), isUndoable ? { undo: () => void undo(before).catch(sayError) } : {});
      const first = result.results.find((one) => one.error)?.error;
      if (result.rejected > 0) say(t('endpoints.rejected', { count: result.rejected, why: first?.detail ?? '' }), { tone: 'bad' });
    },
    onError: sayError,
  });
}
