// What is read from the API, by the names under which it is kept. Everything that is changed says here what is read anew.

import { QueryClient, queryOptions } from '@tanstack/preact-query';

import { api, ApiError, dataOf } from './client';

/** Whether a call that failed is made again by itself. */
export const isWorthwhile = (count: number, error: unknown) => error instanceof ApiError && error.isPassing && count < 30;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // An API that is being restarted is back in seconds; whatever it answered is an answer.
      retry: isWorthwhile,
      retryDelay: (count, error) => Math.max(Math.min(500 * 2 ** count, 5_000), 1000 * ((error instanceof ApiError && error.retryAfter) || 0)),
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

export const summaryQuery = () =>
  queryOptions({
    queryKey: ['summary'],
    queryFn: ({ signal }) => dataOf(api.GET('/api/webhooks-summary', { signal })),
    refetchInterval: 30_000,
  });

export const eventTypesQuery = () =>
  queryOptions({
    queryKey: ['event-types'],
    queryFn: ({ signal }) => dataOf(api.GET('/api/event-types', { signal })),
    staleTime: 600_000,
  });

/** What an endpoint's page shows of it. */
export const endpointQuery = (id: string) =>
  queryOptions({
    queryKey: ['endpoint', id],
    queryFn: ({ signal }) => dataOf(api.GET('/api/webhooks-config/{id}', { params: { path: { id } }, signal })),
    refetchInterval: 15_000,
  });

/** Reads anew whatever shows endpoints: one has been made, changed or removed. */
export function endpointsChanged(): void {
  void queryClient.invalidateQueries({ queryKey: ['endpoints'] });
  void queryClient.invalidateQueries({ queryKey: ['endpoint'] });
  void queryClient.invalidateQueries({ queryKey: ['summary'] });
}
