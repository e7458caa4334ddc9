// The live rate: attempts in a second, as a number and as a line that moves along.

import { max } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { area, curveMonotoneX, line } from 'd3-shape';
import { useEffect } from 'preact/hooks';

import { useWidth } from '../../charts/width';
import { language, t } from '../../texts';
import { Card } from '../../ui/parts';
import { average, count, seconds, SPAN, type Second } from './rate';

const HEIGHT = 64;

const rate = (value: number) => new Intl.NumberFormat(language.value, { maximumFractionDigits: 1 }).format(value);

function Line() {
  const [box, width] = useWidth();
  const shown = seconds.value;
  const step = width / (SPAN - 2);
  const highest = max(shown, (one) => Math.max(one.succeeded, one.failed)) ?? 0;
  const x = (_: Second, index: number) => index * step;
  const y = scaleLinear()
    .domain([0, Math.max(3, highest)])
    .range([HEIGHT - 1.5, 4]);
  const path = (kind: 'succeeded' | 'failed') => line<Second>(x, (one) => y(one[kind])).curve(curveMonotoneX)(shown) ?? '';
  const below = area<Second>(x, y(0), (one) => y(one.succeeded)).curve(curveMonotoneX)(shown) ?? '';
  return (
    <figure class="overview-line" ref={box}>
      <svg width={width} height={HEIGHT} role="img" aria-label={t('overview.liveLabel')}>
        <line class="chart-line" x1={0} x2={width} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
        <g key={shown.at(-1)?.at} class="overview-moving" style={{ '--overview-step': `${-step}px` }}>
          <path class="overview-area" d={below} />
          <path class="overview-good" d={path('succeeded')} />
          <path class="overview-bad" d={path('failed')} />
        </g>
      </svg>
    </figure>
  );
}

export function Live() {
  useEffect(count, []);
  const succeeded = average('succeeded');
  const failed = average('failed');
  return (
    <Card title={t('overview.live')} class="overview-live">
      <p class="overview-figure">
        <strong class="number">{rate(succeeded + failed)}</strong> <span class="soft">{t('overview.perSecond')}</span>
      </p>
      <Line />
      <p class="legend">
        <span>
          <i class="dot fill-good" /> {t('overview.rateSucceeded', { rate: rate(succeeded) })}
        </span>
        <span>
          <i class="dot fill-bad" /> {t('overview.rateFailed', { rate: rate(failed) })}
        </span>
      </p>
    </Card>
  );
}
