// What the overview reads beside the summary, and how it mends what needs attention.

import { queryOptions, useMutation } from '@tanstack/preact-query';

import { api, ApiError, dataOf, type ListedEndpoint, type Schemas } from '../../api/client';
import { changeEndpoint, endHold, retryEndpoint } from '../../api/endpoints';
import { endpointsChanged, queryClient } from '../../api/queries';
import { t, tn } from '../../texts';
import { nameOf } from '../../ui/name';
import { say, sayError } from '../../ui/toast';

/** All endpoints of the account. */
export const allEndpointsQuery = () =>
  queryOptions({
    queryKey: ['endpoints', 'all'],
    queryFn: async ({ signal }) => (await dataOf(api.GET('/api/webhooks-config', { params: { query: {} }, signal }))).endpoints,
    refetchInterval: 60_000,
  });

/** How many failures are listed. */
export const FAILURES = 8;

export const failuresQuery = () =>
  queryOptions({
    queryKey: ['failures'],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/webhooks-deliveries', {
          params: { query: { endpointId: [], status: ['retrying', 'exhausted'], limit: FAILURES } },
          signal,
        }),
      ),
    staleTime: 0,
  });

/** What mends an endpoint with one press. */
export type Remedy = 'switchOn' | 'retry' | 'endHold';

async function apply(remedy: Remedy, endpoint: ListedEndpoint): Promise<string> {
  const name = nameOf(endpoint);
  switch (remedy) {
    case 'switchOn':
      await changeEndpoint(endpoint.id, endpoint.etag, { active: true });
      return t('overview.switchedOn', { name });
    case 'retry':
      return tn('overview.retried', await retryEndpoint(endpoint.id), { name });
    case 'endHold':
      await endHold(endpoint);
      return t('overview.holdEnded', { name });
  }
}

export function useRemedy(remedy: Remedy, endpoint: ListedEndpoint) {
  return useMutation({
    mutationFn: () => apply(remedy, endpoint),
    onSuccess: (text) => {
      say(text);
      if (remedy !== 'switchOn') return;
      queryClient.setQueryData(['summary'], (now: Schemas['Summary'] | undefined) =>
        now ? { ...now, attention: now.attention.filter((one) => one.endpointId !== endpoint.id) } : now,
      );
    },
    onError: (error) => {
      if (error instanceof ApiError && error.isConflict) say(t('overview.changedMeanwhile', { name: nameOf(endpoint) }), { tone: 'warn' });
      else sayError(error);
    },
    onSettled: endpointsChanged,
  });
}
