// How the endpoint has been doing: figures, outcomes over a day or ninety, and how long the latest attempts took.

import { sum } from 'd3-array';

import type { EndpointDetail } from '../../api/client';
import { Outcomes } from '../../charts/outcomes';
import { number, percent } from '../../format/numbers';
import { Ago, At, clock, day, duration } from '../../format/time';
import { t, tn } from '../../texts';
import { Card, Empty, Facts } from '../../ui/parts';
import { SpanSwitch, useSpan } from '../../ui/span';
import { Latencies } from './latencies';

function Figures({ endpoint }: { endpoint: EndpointDetail }) {
  const { health } = endpoint;
  const { queue } = health;
  return (
    <Card title={t('endpoint.now')}>
      <Facts
        of={[
          [t('endpoint.successRate'), health.successRate === null ? '–' : percent(health.successRate)],
          [t('endpoint.p50'), health.p50Ms === null ? '–' : duration(health.p50Ms)],
          [t('endpoint.p95'), health.p95Ms === null ? '–' : duration(health.p95Ms)],
          [t('endpoint.nextAttempt'), health.nextAttemptAt ? <At at={health.nextAttemptAt} /> : '–'],
          [t('endpoint.inFlight'), t('endpoint.ofLimit', { count: number(queue.inFlight), limit: number(health.inFlightLimit) })],
          [t('endpoint.waiting'), number(queue.waiting)],
          [t('endpoint.retrying'), number(queue.retrying)],
          [t('endpoint.oldest'), queue.oldestWaitingSince ? <Ago at={queue.oldestWaitingSince} /> : '–'],
        ]}
      />
      {health.sampledAttempts > 0 && (
        <p class="endpoint-sampled">
          {tn('endpoint.sampled', health.sampledAttempts)} {health.heldAttempts > 0 && tn('endpoint.heldAttempts', health.heldAttempts)}
        </p>
      )}
    </Card>
  );
}

function History({ endpoint }: { endpoint: EndpointDetail }) {
  const [span, setSpan] = useSpan();
  const parts = span === '90d' ? endpoint.days : endpoint.hours;
  const total = sum(parts, (part) => part.succeeded + part.failedAttempts);
  return (
    <Card title={t('endpoint.history')} actions={<SpanSwitch span={span} onSpan={setSpan} />}>
      {total === 0 ? (
        <Empty title={t(`endpoint.quiet.${span}`)}>{t(endpoint.health.heldAttempts > 0 ? 'endpoint.quietHeld' : 'endpoint.quietText')}</Empty>
      ) : (
        <Outcomes
          label={t(`endpoint.historyLabel.${span}`)}
          columns={parts.map((part) => ({ start: part.start, counts: [part.succeeded, part.failedAttempts] }))}
          kinds={[
            { name: t('endpoint.succeeded'), tone: 'good' },
            { name: t('endpoint.failed'), tone: 'bad' },
          ]}
          when={(start) => (span === '90d' ? day(start) : clock(start, false))}
        />
      )}
    </Card>
  );
}

export function Summary({ endpoint }: { endpoint: EndpointDetail }) {
  return (
    <div class="stack endpoint-summary">
      <Figures endpoint={endpoint} />
      <div class="columns">
        <History endpoint={endpoint} />
        <Latencies endpoint={endpoint} />
      </div>
    </div>
  );
}
