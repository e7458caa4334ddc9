// The log as it is shown: its pages, and what the stream adds to them.

import { useInfiniteQuery, useQueryClient } from '@tanstack/preact-query';
import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';

import { listen } from '../../../api/stream';
import { Merge } from './merge';
import { logQuery } from './queries';
import { rowAfter, rowsOf, type Filters, type Row } from './rows';

/** So often the page takes in what the stream has said (ms). */
const BEAT = 250;
/** What comes while the log is paused is kept up to here; after that it is read anew. */
const MOST_HELD_BACK = 2000;

interface Arrived {
  rows: Row[];
  /** The parked deliveries have been discarded. */
  isDiscarded: boolean;
  /** Something was missed: only another beginning shows all. */
  isBehind: boolean;
}

const nothing = (): Arrived => ({ rows: [], isDiscarded: false, isBehind: false });

/** `canMove` says whether rows may move now because of new ones. */
export function useLog(endpointId: string, filters: Filters, canMove: () => boolean) {
  const options = logQuery(endpointId, filters);
  const query = useInfiniteQuery(options);
  const client = useQueryClient();
  const [isLive, setLive] = useState(true);
  const [version, changed] = useReducer((count: number) => count + 1, 0);
  const arrived = useRef(nothing());
  // With other filters, or another first page, it begins anew.
  const firstPage = query.data?.pages[0];
  const merge = useMemo(() => new Merge(), [endpointId, filters, firstPage]);
  const listed = useMemo(
    () => new Map(query.data?.pages.flatMap((page) => rowsOf(page).map((row) => [row.id, row] as const))),
    [query.data],
  );
  const rows = useMemo(() => merge.over(listed), [merge, listed, version]);

  const restart = () => {
    arrived.current = nothing();
    void client.resetQueries({ queryKey: options.queryKey, exact: true });
  };

  useEffect(
    () =>
      listen((message) => {
        if (message.type === 'gap') arrived.current.isBehind = true;
        else if (message.data.endpointId !== endpointId) return;
        else if (message.type === 'canceled') arrived.current.isDiscarded = true;
        else if (message.type === 'attempt') arrived.current.rows.push(rowAfter(message.data));
        if (arrived.current.rows.length > MOST_HELD_BACK) arrived.current = { ...nothing(), isBehind: true };
      }),
    [endpointId],
  );

  const beat = useRef(() => undefined as void);
  beat.current = () => {
    const now = arrived.current;
    if (!isLive || !query.data) {
      // Said in the button that goes on.
      if (now.rows.length > 0 && query.data) changed(0);
      return;
    }
    if (now.isBehind || merge.isLong) {
      if (canMove()) restart();
      return;
    }
    if (now.isDiscarded) merge.discardParked(listed);
    if (now.rows.length > 0) merge.take(now.rows, listed, firstPage?.deliveries[0]?.lastAttemptAt ?? undefined, filters);
    const isReleased = merge.waitingCount > 0 && canMove();
    if (isReleased) merge.release();
    if (isReleased || now.isDiscarded || now.rows.length > 0) changed(0);
    arrived.current = nothing();
  };
  useEffect(() => {
    const timer = setInterval(() => beat.current(), BEAT);
    return () => clearInterval(timer);
  }, []);

  return {
    query,
    rows,
    isLive,
    setLive,
    /** How many new deliveries aren't shown yet. */
    waiting: isLive ? merge.waitingCount : new Set(arrived.current.rows.map((row) => row.id)).size,
    isBehind: arrived.current.isBehind,
    showNew: () => {
      setLive(true);
      if (arrived.current.isBehind) restart();
      else {
        merge.release();
        changed(0);
      }
    },
    restart,
  };
}

export type Log = ReturnType<typeof useLog>;
