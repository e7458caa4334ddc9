// The pages of the log. They show it as it was when the first was read, so they are never read anew one by one: whoever wants the
// present begins again.

import { infiniteQueryOptions } from '@tanstack/preact-query';

import { api, dataOf } from '../../../api/client';
import { UNSTREAMED, type Filters } from './rows';

const PAGE = 100;
const RENEWED_EVERY = 5000;

export const logQuery = (id: string, filters: Filters) =>
  infiniteQueryOptions({
    queryKey: ['log', id, filters],
    queryFn: ({ pageParam, signal }) => {
      const { status, event, since, until } = filters;
      const query = {
        limit: PAGE,
        ...(status && status !== 'canceled' && { status }),
        ...(event && { event: event as never }),
        ...(since && { since }),
        ...(until && { until }),
        ...(pageParam && { cursor: pageParam }),
      };
      return dataOf(api.GET('/api/webhooks-config/{id}/deliveries', { params: { path: { id }, query }, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    // What is about the present only is short, or is left as it is once one has begun to read on.
    refetchInterval: ({ state }) =>
      filters.status && UNSTREAMED.includes(filters.status) && state.data?.pages.length === 1 ? RENEWED_EVERY : false,
    staleTime: Infinity,
    // To compare hundreds of pages with themselves at each new one would take longer than to read it.
    structuralSharing: false,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
