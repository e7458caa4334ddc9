// The rows of the log, of which only those in sight are in the page. More are read when one comes near the last.

import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState, type MutableRef } from 'preact/hooks';

import { useWidth } from '../../../charts/width';
import { t, tn } from '../../../texts';
import { Button } from '../../../ui/button';
import { ListEnd } from './list-end';
import { RowView, type RowActions } from './row-view';
import type { Selection } from './selection';
import type { Log } from './use-log';

const HEAD = 34;
const LINE = 44;
const CARD = 70;
/** Below this width rows are cards (px). */
const NARROW = 700;

const COLUMNS = ['event', 'status', 'answer', 'attempts', 'duration', 'when'] as const;

interface ListProps {
  log: Log;
  selection: Selection;
  openId: string | null;
  hrefOf: (id: string) => string;
  onOpen: (id: string) => void;
  /** The row that the keyboard is at. */
  active: MutableRef<string | null>;
  /** Gets what puts the focus on a row. */
  focusRow: MutableRef<(id: string, isFocused: boolean) => void>;
  /** Is told whether rows may move: nothing is read that would. */
  atTop: MutableRef<boolean>;
  lastPointer: MutableRef<number>;
}

export function LogList({ log, selection, openId, hrefOf, onOpen, active, focusRow, atTop, lastPointer }: ListProps) {
  const { rows, query } = log;
  const [box, width] = useWidth();
  const scroller = useRef<HTMLDivElement>(null);
  const [isScrolled, setScrolled] = useState(false);
  const isNarrow = width < NARROW;
  const height = isNarrow ? CARD : LINE;
  const head = isNarrow ? 0 : HEAD;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
    scrollMargin: head,
    scrollPaddingStart: head,
  });
  useEffect(() => virtual.measure(), [height]);

  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length - 40 && query.hasNextPage && !query.isFetching && !query.isFetchNextPageError) void query.fetchNextPage();
  }, [last, rows.length, query.hasNextPage, query.isFetching]);

  focusRow.current = (id, isFocused) => {
    active.current = id;
    const index = rows.findIndex((row) => row.id === id);
    if (index < 0) {
      if (isFocused) scroller.current?.focus();
      return;
    }
    virtual.scrollToIndex(index);
    if (!isFocused) return;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)?.focus({ preventScroll: true })),
    );
  };

  const latest = useRef<RowActions>(null as never);
  latest.current = {
    select: (id, isRange) => selection.toggle(id, isRange ? rows : undefined),
    focus: (id) => (active.current = id),
    open: onOpen,
  };
  const actions = useMemo<RowActions>(
    () => ({
      select: (...given) => latest.current.select(...given),
      focus: (...given) => latest.current.focus(...given),
      open: (...given) => latest.current.open(...given),
    }),
    [],
  );

  const scrolled = () => {
    const isDown = (scroller.current?.scrollTop ?? 0) > 4;
    atTop.current = !isDown;
    setScrolled(isDown);
  };
  const toTop = () => {
    log.showNew();
    scroller.current?.scrollTo({ top: 0 });
  };
  const count = tn('log.loaded', rows.length);
  return (
    <div class={`log-list${isNarrow ? ' narrow' : ''}`} ref={box as MutableRef<HTMLDivElement | null>}>
      {log.isLive && (log.waiting > 0 || log.isBehind) && (
        <Button small kind="primary" class="log-pill" onClick={toTop}>
          {log.isBehind ? t('log.newest') : tn('log.new', log.waiting)}
        </Button>
      )}
      <div class="log-scroll" tabIndex={-1} ref={scroller} onScroll={scrolled} onPointerMove={() => (lastPointer.current = Date.now())}>
        <div
          role="table"
          aria-label={t('log.table', { count })}
          aria-rowcount={query.hasNextPage ? -1 : rows.length + 1}
          aria-colcount={COLUMNS.length + 1}
        >
          <div role="rowgroup" class={isNarrow ? 'hidden-visually' : `log-head${isScrolled ? ' scrolled' : ''}`}>
            <div role="row" aria-rowindex={1} class="log-head-row">
              <span role="columnheader" class="log-check">
                <input type="checkbox" aria-label={t('log.selectAll')} tabIndex={isNarrow ? -1 : 0} checked={selection.has(rows)} onChange={() => selection.toggleAll(rows)} />
              </span>
              {COLUMNS.map((column) => (
                <span key={column} role="columnheader" class={`log-col-${column}`}>
                  {t(`log.column.${column}`)}
                </span>
              ))}
            </div>
          </div>
          <div role="rowgroup" class="log-rows" style={{ height: `${virtual.getTotalSize()}px` }}>
            {items.map((item) => {
              const row = rows[item.index];
              if (!row) return null;
              return (
                <RowView
                  key={row.id}
                  row={row}
                  index={item.index}
                  top={item.start - head}
                  height={height}
                  href={hrefOf(row.id)}
                  isOpen={row.id === openId}
                  isSelected={selection.ids.has(row.id)}
                  actions={actions}
                />
              );
            })}
          </div>
        </div>
        <ListEnd log={log} />
      </div>
    </div>
  );
}
