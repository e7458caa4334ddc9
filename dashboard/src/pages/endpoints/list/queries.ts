// The endpoints of the account, as far as they are asked for.

import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/preact-query';
import { useSearchParams } from 'wouter-preact';

import { api, dataOf } from '../../../api/client';

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
    // While somebody types, what was there stays until the answer is.
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });

/** So many failures in a row disable an endpoint. It is the same for all, and each one's page is told. */
export const disableAfterQuery = (id: string) =>
  queryOptions({
    queryKey: ['disable-after'],
    queryFn: async ({ signal }) => {
      const { health } = await dataOf(api.GET('/api/webhooks-config/{id}', { params: { path: { id } }, signal }));
      return health.disableAfter;
    },
    staleTime: Infinity,
    retry: false,
  });
