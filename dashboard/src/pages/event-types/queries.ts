// Which endpoints get an event.

import { queryOptions } from '@tanstack/preact-query';

import { api, dataOf, type EventType } from '../../api/client';

/** The endpoints that get events of this type. */
export const receiversQuery = (event: EventType['name']) =>
  queryOptions({
    queryKey: ['endpoints', 'of-event', event],
    queryFn: async ({ signal }) => (await dataOf(api.GET('/api/webhooks-config', { params: { query: { event } }, signal }))).endpoints,
  });

/** The groups of the catalogue, in its order: what stands before the point of a name, and the account's own events at the end. */
export function groupsOf(types: EventType[]): [string, EventType[]][] {
  const groups = new Map<string, EventType[]>();
  const ordered = [...types.filter((type) => !type.accountEvent), ...types.filter((type) => type.accountEvent)];
  for (const type of ordered) {
    const group = type.accountEvent ? 'account' : (type.name.split('.')[0] ?? type.name);
    groups.set(group, [...(groups.get(group) ?? []), type]);
  }
  return [...groups];
}

/** Whether the name, the description or a name of a field contains all these words. */
export function matches(type: EventType, search: string): boolean {
  const text = `${type.name} ${type.description} ${JSON.stringify(type.sample)}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
