// What is known of account events: who gets them, and what happened lately.

import { queryOptions } from '@tanstack/preact-query';

import { api, dataOf, type Delivery, type EventType, type ListedEndpoint, type Schemas } from '../../api/client';

/** So many are listed of each event. */
const OF_EACH = 10;

/** The latest deliveries of these events, newest first. */
export const accountDeliveriesQuery = (events: EventType['name'][]) =>
  queryOptions({
    queryKey: ['account-events', ...events],
    queryFn: async ({ signal }): Promise<Delivery[]> => {
      const lists = await Promise.all(
        events.map((event) =>
          dataOf(api.GET('/api/webhooks-deliveries', { params: { query: { endpointId: [], status: [], event, limit: OF_EACH } }, signal })),
        ),
      );
      return lists.flatMap((list) => list.deliveries).sort((one, other) => other.acceptedAt.localeCompare(one.acceptedAt));
    },
    refetchInterval: 60_000,
    enabled: events.length > 0,
  });

/** Something that happened to an endpoint. */
export type Happening = Pick<Schemas['StreamedState'], 'at' | 'endpointId' | 'state' | 'reason'>;

/** What the live log says of one event and the list of endpoints as well differs by less than this (ms). */
const SAME = 2000;

/** What was told since the page was opened, and what still shows in how the endpoints are; the latest first. */
export function lately(told: Happening[], endpoints: ListedEndpoint[]): Happening[] {
  const disabled = endpoints.flatMap(({ id, state, disabledAt, disabledReason }): Happening[] =>
    state === 'disabled' && disabledAt ? [{ endpointId: id, at: disabledAt, state, reason: disabledReason ?? 'consecutive_failures' }] : [],
  );
  const isTold = (one: Happening) =>
    told.some((other) => other.endpointId === one.endpointId && other.state === one.state && Math.abs(Date.parse(other.at) - Date.parse(one.at)) < SAME);
  return [...told, ...disabled.filter((one) => !isTold(one))].sort((one, other) => other.at.localeCompare(one.at));
}
