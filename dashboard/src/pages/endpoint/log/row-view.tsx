// A row of the log: a line of a table where there is room, else a card of two lines. Its link is what the keyboard moves along.

import { memo } from 'preact/compat';
import { Link } from 'wouter-preact';

import { number } from '../../../format/numbers';
import { At, duration } from '../../../format/time';
import { t, tn } from '../../../texts';
import type { Row } from './rows';
import { Answer, DeliveryBadge, Marks } from './status';

/** What a row does. It stays the same object from one drawing to the next. */
export interface RowActions {
  select: (id: string, isRange: boolean) => void;
  focus: (id: string) => void;
  open: (id: string) => void;
}

interface RowViewProps {
  row: Row;
  /** Counted from 0. */
  index: number;
  top: number;
  height: number;
  href: string;
  /** It is shown beside the list. */
  isOpen: boolean;
  isSelected: boolean;
  actions: RowActions;
}

/** Drawn anew only when something of it has changed: many are in sight, and the list is drawn with each step that it is scrolled. */
export const RowView = memo(function RowView({ row, index, top, height, href, isOpen, isSelected, actions }: RowViewProps) {
  const name = row.event ?? t('log.unknownEvent');
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      class={`log-row${isOpen ? ' open' : ''}${isSelected ? ' selected' : ''}`}
      style={{ transform: `translateY(${top}px)`, height: `${height}px` }}
      onClick={(event) => {
        if (!(event.target instanceof Element) || !event.target.closest('a, input')) actions.open(row.id);
      }}
    >
      <span role="cell" class="log-check">
        <input
          type="checkbox"
          aria-label={t('log.select', { event: name })}
          checked={isSelected}
          onClick={(event) => actions.select(row.id, event.shiftKey)}
        />
      </span>
      <span role="cell" class="log-event">
        <Link href={href} data-row={row.id} aria-current={isOpen ? 'true' : undefined} onFocus={() => actions.focus(row.id)}>
          <bdi>{name}</bdi>
        </Link>
        <Marks of={row} />
      </span>
      <span role="cell" class="log-status">
        <DeliveryBadge status={row.status} />
      </span>
      <span role="cell" class="log-answer-cell">
        <Answer of={row} />
      </span>
      <span role="cell" class="log-attempts number" title={tn('log.attempts', row.attempts)}>
        <span class={row.attempts > 1 ? undefined : 'log-once'}>{row.attempts > 1 ? `${number(row.attempts)}×` : row.attempts}</span>
      </span>
      <span role="cell" class="log-duration number">
        {row.durationMs === null ? '–' : duration(row.durationMs)}
      </span>
      <span role="cell" class="log-when number">
        <At at={row.at} />
      </span>
    </div>
  );
});
