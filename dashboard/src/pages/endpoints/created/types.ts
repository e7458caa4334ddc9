// Of which types a test event may be: those that the endpoint gets.

import { useQuery } from '@tanstack/preact-query';

import type { Endpoint } from '../../../api/client';
import { eventTypesQuery } from '../../../api/queries';

/** An endpoint of all events gets whatever the catalogue has; those about the account are chosen by name. */
export function useTestTypes(endpoint: Pick<Endpoint, 'events'>, enabled = true): string[] {
  const catalogue = useQuery({ ...eventTypesQuery(), enabled });
  const chosen = endpoint.events.filter((name) => name !== '*');
  if (!endpoint.events.includes('*')) return chosen;
  const all = catalogue.data?.eventTypes.filter((one) => !one.accountEvent).map((one) => one.name) ?? [];
  return [...all, ...chosen];
}
