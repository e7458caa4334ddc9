// What is done with many endpoints at once. Each has a result of its own.

import { useMutation } from '@tanstack/preact-query';

import { api, dataOf, type ListedEndpoint, type Schemas } from '../../../api/client';
import { endpointsChanged } from '../../../api/queries';
import { t, tn } from '../../../texts';
import { say, sayError } from '../../../ui/toast';

export type Wanted = 'active' | 'off' | 'paused';

/** So many ids may be in one request. */
const AT_ONCE = 100;

async function change(ids: string[], state: Wanted): Promise<Schemas['ChangeResult'][]> {
  const results = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = await dataOf(api.PATCH('/api/webhooks-config/bulk', { body: { ids: ids.slice(from, from + AT_ONCE), state } }));
    results.push(...some.results);
  }
  return results;
}

async function undo(before: ListedEndpoint[]): Promise<void> {
  const results = [];
  for (const state of ['active', 'paused', 'off'] as const) {
    const ids = before.filter((one) => one.state === state).map((one) => one.id);
    results.push(...(await change(ids, state)));
  }
  const rejected = results.flatMap((one) => one.error ?? []);
  if (rejected[0]) say(t('endpoints.notUndone', { count: rejected.length, why: rejected[0].detail }), { tone: 'bad' });
}

/** An endpoint that stayed as it was, and why. */
export interface Rejected {
  endpoint: ListedEndpoint;
  why: string;
}

/** Switches many, and tells which of them couldn't be. Whatever was disabled before can't be made so again, and has no way back. */
export function useBulk(onRejected: (rejected: Rejected[]) => void) {
  return useMutation({
    mutationFn: ({ endpoints, state }: { endpoints: ListedEndpoint[]; state: Wanted }) => change(endpoints.map((one) => one.id), state),
    onSuccess: (results, { endpoints, state }) => {
      const errors = new Map(results.map((one) => [one.id, one.status === 404 ? t('endpoints.removed') : one.error?.detail]));
      const changed = endpoints.filter((one) => !errors.get(one.id));
      const isUndoable = changed.every((one) => one.state !== 'disabled');
      const undoing = () => void undo(changed).catch(sayError).finally(endpointsChanged);
      if (changed.length > 0) say(tn(`endpoints.done.${state}`, changed.length), isUndoable ? { undo: undoing } : {});
      onRejected(endpoints.flatMap((endpoint) => ({ endpoint, why: errors.get(endpoint.id) ?? '' })).filter((one) => one.why));
    },
    onError: sayError,
    onSettled: endpointsChanged,
  });
}
