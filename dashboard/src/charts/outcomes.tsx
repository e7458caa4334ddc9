// Columns of what attempts ended as, over time: good ones below, bad ones on top. Hover or the arrow keys show the numbers of a column; a
// screen reader gets a table.

import { max } from 'd3-array';
import { scaleBand, scaleLinear } from 'd3-scale';

import { number } from '../format/numbers';
import { usePointed } from './pointed';
import { useWidth } from './width';

export interface Column {
  /** When it begins. */
  start: string;
  /** How many of each kind, in the order of `kinds`. */
  counts: number[];
}

export interface OutcomeKind {
  name: string;
  tone: 'good' | 'bad' | 'warn' | 'mute';
}

interface OutcomesProps {
  label: string;
  columns: Column[];
  kinds: OutcomeKind[];
  /** What is written below a column, and above its numbers. */
  when: (start: string) => string;
  height?: number;
}

const MARGIN = { top: 8, right: 4, bottom: 22, left: 40 };

export function Outcomes({ label, columns, kinds, when, height = 180 }: OutcomesProps) {
  const [box, width] = useWidth();
  const highest = max(columns, (column) => column.counts.reduce((sum, count) => sum + count, 0)) ?? 0;
  const x = scaleBand<number>()
    .domain(columns.map((_, index) => index))
    .range([MARGIN.left, Math.max(MARGIN.left + 1, width - MARGIN.right)])
    .padding(0.18);
  const y = scaleLinear()
    .domain([0, Math.max(highest, 4)])
    .nice(4)
    .range([height - MARGIN.bottom, MARGIN.top]);
  const every = Math.max(1, Math.ceil(columns.length / Math.max(2, Math.floor(width / 90))));
  const [shown, handlers] = usePointed(columns.length, (at) => Math.floor((at - MARGIN.left) / x.step()));
  const column = shown === null ? undefined : columns[shown];
  return (
    <figure class="chart" ref={box}>
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={label}
        tabIndex={0}
        {...handlers}
      >
        {y.ticks(4).map((tick) => (
          <g key={tick}>
            <line class="chart-line" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} />
            <text class="chart-text" x={MARGIN.left - 7} y={y(tick)} dy="0.32em" text-anchor="end">
              {number(tick)}
            </text>
          </g>
        ))}
        {columns.map((one, index) => {
          let below = 0;
          return (
            <g key={one.start} class={shown !== null && shown !== index ? 'chart-faint' : undefined}>
              {one.counts.map((count, kind) => {
                const bottom = y(below);
                below += count;
                const top = y(below);
                const atLeast = count > 0 ? Math.max(bottom - top, 1.5) : 0;
                return <rect key={kind} class={`fill-${kinds[kind]?.tone}`} x={x(index)} width={x.bandwidth()} y={bottom - atLeast} height={atLeast} rx={Math.min(2, x.bandwidth() / 4)} />;
              })}
              {index % every === 0 && (
                <text class="chart-text" x={(x(index) ?? 0) + x.bandwidth() / 2} y={height - 6} text-anchor="middle">
                  {when(one.start)}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      {column && (
        <div class="chart-tip" role="status" style={{ left: `${Math.min(Math.max((x(shown ?? 0) ?? 0) + x.bandwidth() / 2, 80), width - 80)}px` }}>
          <strong>{when(column.start)}</strong>
          {kinds.map((kind, index) => (
            <span key={kind.name}>
              <i class={`dot fill-${kind.tone}`} />
              {kind.name} <b class="number">{number(column.counts[index] ?? 0)}</b>
            </span>
          ))}
        </div>
      )}
      <figcaption class="legend">
        {kinds.map((kind) => (
          <span key={kind.name}>
            <i class={`dot fill-${kind.tone}`} />
            {kind.name}
          </span>
        ))}
      </figcaption>
      <div class="hidden-visually">
        <table>
          <caption>{label}</caption>
          <thead>
            <tr>
              <td />
              {kinds.map((kind) => (
                <th key={kind.name} scope="col">
                  {kind.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {columns.map((one) => (
              <tr key={one.start}>
                <th scope="row">{when(one.start)}</th>
                {one.counts.map((count, index) => (
                  <td key={index}>{count}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
