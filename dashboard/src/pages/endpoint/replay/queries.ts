// Replays of all deliveries that match: how many there would be, and how far one is.

import { keepPreviousData, queryOptions } from '@tanstack/preact-query';

import { api, dataOf, type Schemas } from '../../../api/client';

export type Replay = Schemas['Replay'];
export type Matching = Schemas['CountReplay'];

export const replayCountQuery = (id: string, matching: Matching, isOpen: boolean) =>
  queryOptions({
    queryKey: ['replay-count', id, matching],
    queryFn: ({ signal }) =>
      dataOf(api.POST('/api/webhooks-config/{id}/replay/count', { params: { path: { id } }, body: matching, signal })),
    placeholderData: keepPreviousData,
    enabled: isOpen,
    gcTime: 0,
    staleTime: 5000,
  });

/** How many of a replay's deliveries have come to an end. */
export const endedOf = (replay: Replay) => replay.succeeded + replay.exhausted + replay.canceled;

export const isOver = (replay: Replay) => replay.state !== 'running' && endedOf(replay) >= replay.made;

export const replayKey = (id: string, replayId: string) => ['replay', id, replayId];

export const replayQuery = (id: string, replayId: string) =>
  queryOptions({
    queryKey: replayKey(id, replayId),
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/webhooks-config/{id}/replays/{replayId}', { params: { path: { id, replayId } }, signal })),
    refetchInterval: ({ state: { data } }) => (!data || isOver(data) ? false : data.state === 'running' ? 1000 : 3000),
  });
