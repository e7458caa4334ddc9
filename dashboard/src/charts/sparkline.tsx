// A day of an endpoint in a line's height: a column for each hour, red as far as attempts failed.

import { max } from 'd3-array';
import { scaleLinear } from 'd3-scale';

interface SparklineProps {
  label: string;
  hours: { succeeded: number; failedAttempts: number }[];
}

const WIDTH = 120;
const HEIGHT = 26;

export function Sparkline({ label, hours }: SparklineProps) {
  const highest = max(hours, (hour) => hour.succeeded + hour.failedAttempts) ?? 0;
  const y = scaleLinear()
    .domain([0, Math.max(1, highest)])
    .range([0, HEIGHT]);
  const step = WIDTH / Math.max(1, hours.length);
  return (
    <svg class="sparkline" width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
      <line class="chart-line" x1={0} x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
      {hours.map((hour, index) => {
        const good = y(hour.succeeded);
        const bad = hour.failedAttempts > 0 ? Math.max(2, y(hour.failedAttempts)) : 0;
        return (
          <g key={index}>
            <rect class="fill-good" x={index * step} width={step - 1} y={HEIGHT - good} height={good} />
            <rect class="fill-bad" x={index * step} width={step - 1} y={Math.max(0, HEIGHT - good - bad)} height={bad} />
          </g>
        );
      })}
    </svg>
  );
}
