// Replays some deliveries, one after the other. Whoever presses again after it was interrupted makes no second replay of those that
// were made: each keeps its key for as long as the selection is there.

import { useEffect, useRef, useState } from 'preact/hooks';

import { ApiError } from '../../../api/client';
import { newKey, replayDelivery } from './one';

export interface Run {
  total: number;
  made: number;
  /** Their bodies are no longer kept. */
  expired: number;
  parked: number;
  isRunning: boolean;
  error: unknown;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Makes one replay, as late as the API lets it. */
async function patiently(endpointId: string, deliveryId: string, key: string, isStopped: () => boolean) {
  for (;;) {
    try {
      return await replayDelivery(endpointId, deliveryId, key);
    } catch (error) {
      const isLater = error instanceof ApiError && (error.status === 429 || error.isUnreachable) && error.code !== 'account_over_budget';
      if (!isLater || isStopped()) throw error;
      await pause((error.retryAfter ?? 1) * 1000);
      if (isStopped()) throw error;
    }
  }
}

export function useSelectedRun(endpointId: string) {
  const [run, setRun] = useState<Run | null>(null);
  const keys = useRef(new Map<string, string>());
  const done = useRef(new Set<string>());
  const stopped = useRef(false);
  useEffect(() => () => void (stopped.current = true), []);

  const start = async (ids: string[]): Promise<Run> => {
    stopped.current = false;
    const left = ids.filter((id) => !done.current.has(id));
    const now: Run = { total: ids.length, made: ids.length - left.length, expired: 0, parked: 0, isRunning: true, error: null };
    setRun({ ...now });
    for (const id of left) {
      if (stopped.current) break;
      const key = keys.current.get(id) ?? newKey();
      keys.current.set(id, key);
      try {
        const replay = await patiently(endpointId, id, key, () => stopped.current);
        done.current.add(id);
        now.made += 1;
        if (replay.status === 'parked') now.parked += 1;
      } catch (error) {
        if (error instanceof ApiError && (error.status === 410 || error.status === 404)) now.expired += 1;
        else {
          if (!stopped.current) now.error = error;
          break;
        }
      }
      setRun({ ...now });
    }
    now.isRunning = false;
    setRun({ ...now });
    return now;
  };

  return { run, start, stop: () => void (stopped.current = true) };
}
