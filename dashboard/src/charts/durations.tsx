// How long attempts took, one after the other: a point for each. Hover or the arrow keys show one.

import { max } from 'd3-array';
import { scaleLinear } from 'd3-scale';

import { clock, duration, exact } from '../format/time';
import { t } from '../texts';
import { usePointed } from './pointed';
import { useWidth } from './width';

export type AttemptedAs = 'succeeded' | 'failed' | 'asked';

export interface Attempted {
  key: string;
  at: string;
  ms: number;
  as: AttemptedAs;
}

const TONES: Record<AttemptedAs, string> = { succeeded: 'good', failed: 'bad', asked: 'warn' };

const MARGIN = { top: 8, right: 8, bottom: 22, left: 52 };
const HEIGHT = 180;

interface DurationsProps {
  label: string;
  attempts: Attempted[];
  /** One is chosen, by a click or with Enter. */
  onChoose: (key: string) => void;
}

export function Durations({ label, attempts, onChoose }: DurationsProps) {
  const [box, width] = useWidth();
  const x = scaleLinear()
    .domain([0, Math.max(1, attempts.length - 1)])
    .range([MARGIN.left, Math.max(MARGIN.left + 1, width - MARGIN.right)]);
  const y = scaleLinear()
    .domain([0, Math.max(1, max(attempts, (one) => one.ms) ?? 1)])
    .nice(4)
    .range([HEIGHT - MARGIN.bottom, MARGIN.top]);
  const [shown, handlers] = usePointed(attempts.length, (at) => Math.round(x.invert(at)));
  const one = shown === null ? undefined : attempts[shown];
  const kinds = (Object.keys(TONES) as AttemptedAs[]).filter((kind) => kind !== 'asked' || attempts.some((attempt) => attempt.as === kind));
  const [first, last] = [attempts[0], attempts[attempts.length - 1]];
  return (
    <figure class="chart" ref={box}>
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={label}
        tabIndex={0}
        {...handlers}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && one) onChoose(one.key);
          else handlers.onKeyDown(event);
        }}
        onClick={() => one && onChoose(one.key)}
      >
        {y.ticks(4).map((tick) => (
          <g key={tick}>
            <line class="chart-line" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} />
            <text class="chart-text" x={MARGIN.left - 7} y={y(tick)} dy="0.32em" text-anchor="end">
              {duration(tick)}
            </text>
          </g>
        ))}
        {attempts.map((attempt, index) => (
          <circle
            key={attempt.key}
            class={`fill-${TONES[attempt.as]}`}
            cx={x(index)}
            cy={y(attempt.ms)}
            r={index === shown ? 5 : 3}
          />
        ))}
        {first && (
          <text class="chart-text" x={MARGIN.left} y={HEIGHT - 6}>
            {clock(first.at)}
          </text>
        )}
        {last && last !== first && (
          <text class="chart-text" x={width - MARGIN.right} y={HEIGHT - 6} text-anchor="end">
            {clock(last.at)}
          </text>
        )}
      </svg>
      {one && (
        <div class="chart-tip" role="status" style={{ left: `${Math.min(Math.max(x(shown ?? 0), 90), width - 90)}px` }}>
          <strong>{exact(one.at)}</strong>
          <span>
            <i class={`dot fill-${TONES[one.as]}`} />
            {t(`endpoint.${one.as}`)} <b class="number">{duration(one.ms)}</b>
          </span>
        </div>
      )}
      <figcaption class="legend">
        {kinds.map((kind) => (
          <span key={kind}>
            <i class={`dot fill-${TONES[kind]}`} />
            {t(`endpoint.${kind}`)}
          </span>
        ))}
      </figcaption>
      <div class="hidden-visually">
        <table>
          <caption>{label}</caption>
          <tbody>
            {attempts.map((attempt) => (
              <tr key={attempt.key}>
                <th scope="row">{exact(attempt.at)}</th>
                <td>{t(`endpoint.${attempt.as}`)}</td>
                <td>{duration(attempt.ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
