// What is done with one endpoint. Every change says what it was made of; if somebody else was quicker, that is said, and what is there now
// is shown.

import { useMutation } from '@tanstack/preact-query';
import { useEffect } from 'preact/hooks';

import { ApiError, type EndpointDetail } from '../../api/client';
import { changeEndpoint, endHold, retryEndpoint, type Change } from '../../api/endpoints';
import { endpointQuery, endpointsChanged, queryClient } from '../../api/queries';
import { listen } from '../../api/stream';
import { t, tn } from '../../texts';
import { pastUndoing, say, sayError } from '../../ui/toast';

/** So often the page is read anew while deliveries are going on (ms). */
const EVERY = 3000;

const keyOf = (id: string) => endpointQuery(id).queryKey;

/** Reads the endpoint anew as soon as it changes, and now and then while attempts are made. */
export function useLiveEndpoint(id: string): void {
  useEffect(() => {
    let timer = 0;
    // A page that nobody looks at reads it when somebody does.
    const read = () => void queryClient.invalidateQueries({ queryKey: keyOf(id), refetchType: document.hidden ? 'none' : 'active' });
    const stop = listen((message) => {
      if (message.type === 'gap') read();
      else if (message.data.endpointId !== id) return;
      else if (message.type === 'state') read();
      else {
        timer ||= window.setTimeout(() => {
          timer = 0;
          read();
        }, EVERY);
      }
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [id]);
}

/** Says that somebody was quicker, or whatever else went wrong. */
export function explain(error: unknown): void {
  if (error instanceof ApiError && error.isConflict) say(t('endpoint.changedMeanwhile'), { tone: 'warn' });
  else sayError(error);
}

interface ChangeOptions {
  /** What is said when it is done. */
  done: string;
  /** What takes it back, if anything does. */
  undo?: Change;
}

/** What an endpoint will be once it is switched: shown before that is answered. */
function switched(known: EndpointDetail, { state, active }: Change): EndpointDetail {
  const next = state ?? (active === undefined ? known.state : active ? 'active' : 'off');
  if (next === known.state) return known;
  const isActive = next === 'active';
  return {
    ...known,
    state: next,
    active: isActive,
    heldUntil: null,
    disabledAt: isActive ? null : new Date().toISOString(),
    disabledReason: next === 'off' ? 'owner' : null,
    consecutiveFailures: isActive ? 0 : known.consecutiveFailures,
  };
}

export function useChange({ id, etag }: EndpointDetail) {
  return useMutation({
    // One after the other, each made of what the one before has left.
    scope: { id },
    mutationFn: ({ body }: { body: Change } & ChangeOptions) => changeEndpoint(id, queryClient.getQueryData(keyOf(id))?.etag ?? etag, body),
    onMutate: async ({ body }) => {
      pastUndoing(id);
      await queryClient.cancelQueries({ queryKey: keyOf(id) });
      const before = queryClient.getQueryData(keyOf(id));
      if (before) queryClient.setQueryData(keyOf(id), switched(before, body));
      return before;
    },
    onSuccess: (changed, { done, undo }) => {
      const back = undo && (() => void changeEndpoint(id, changed.etag, undo).catch(explain).finally(endpointsChanged));
      say(done, back ? { undo: back, subject: id } : {});
    },
    onError: (error, _change, before) => {
      if (before) queryClient.setQueryData(keyOf(id), before);
      explain(error);
    },
    onSettled: endpointsChanged,
  });
}

export function useRetry(endpoint: EndpointDetail) {
  return useMutation({
    mutationFn: () => retryEndpoint(endpoint.id),
    onSuccess: (retried) => say(tn('endpoint.retried', retried)),
    onError: explain,
    onSettled: endpointsChanged,
  });
}

export function useEndHold(endpoint: EndpointDetail) {
  return useMutation({
    mutationFn: () => endHold(endpoint),
    onSuccess: () => say(t('endpoint.holdEnded')),
    onError: explain,
    onSettled: endpointsChanged,
  });
}
