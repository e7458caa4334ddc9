// What is done with one endpoint, from whatever view. A change says what it was made of: it is refused if somebody else was quicker.

import { api, dataOf, type Endpoint, type Schemas } from './client';
import { endpointQuery, queryClient } from './queries';

export type Change = Schemas['ChangeEndpoint'];

export async function changeEndpoint(id: string, etag: string, body: Change): Promise<Endpoint> {
  const params = { path: { id }, header: { 'If-Match': etag } };
  const changed = await dataOf(api.PATCH('/api/webhooks-config/{id}', { params, body }));
  // That is what it is until it is read anew, and what the next change is made of.
  queryClient.setQueryData(endpointQuery(id).queryKey, (known) => known && { ...known, ...changed });
  return changed;
}

/** Sends what waits there now, and says how much that is. */
export async function retryEndpoint(id: string): Promise<number> {
  const { retried } = await dataOf(api.POST('/api/webhooks-config/{id}/retry', { params: { path: { id } } }));
  return retried;
}

/** A wait that the receiver asked for ends when the endpoint has been paused; nothing is lost by that. */
export async function endHold({ id, etag }: Pick<Endpoint, 'id' | 'etag'>): Promise<void> {
  const paused = await changeEndpoint(id, etag, { state: 'paused' });
  await changeEndpoint(id, paused.etag, { state: 'active' });
}
