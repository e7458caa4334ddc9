// Which replay is shown: the one of the address. This tab of the browser remembers it, so that it is there again after one has looked at
// something else.

import { useEffect } from 'preact/hooks';
import { useSearchParams } from 'wouter-preact';

import { recall, remember } from '../../../storage';

const keyOf = (endpointId: string) => `rkt-replay:${endpointId}`;

interface Remembered {
  id: string;
  /** How many it would be, as counted before it began. */
  expected: number | null;
}

function remembered(endpointId: string): Remembered | null {
  const stored = recall(keyOf(endpointId), 'sessionStorage');
  return stored ? (JSON.parse(stored) as Remembered) : null;
}

export function useShownReplay(endpointId: string) {
  const [params, setParams] = useSearchParams();
  const id = params.get('replay');
  const put = (replayId: string | null) =>
    setParams(
      (now) => {
        const next = new URLSearchParams(now);
        if (replayId) next.set('replay', replayId);
        else next.delete('replay');
        return next;
      },
      { replace: true },
    );
  useEffect(() => {
    const before = remembered(endpointId);
    if (!id && before) put(before.id);
  }, [endpointId]);
  const kept = remembered(endpointId);
  return {
    id,
    expected: kept?.id === id ? (kept?.expected ?? null) : null,
    show: (replayId: string, expected: number | null) => {
      remember(keyOf(endpointId), JSON.stringify({ id: replayId, expected } satisfies Remembered), 'sessionStorage');
      put(replayId);
    },
    hide: () => {
      remember(keyOf(endpointId), null, 'sessionStorage');
      put(null);
    },
  };
}
