// What deliveries ended as, over a day or ninety. The address says which.

import { sum } from 'd3-array';

import type { Summary } from '../../api/client';
import { Outcomes } from '../../charts/outcomes';
import { number, percent } from '../../format/numbers';
import { clock, day } from '../../format/time';
import { t } from '../../texts';
import { Card, Empty, Facts } from '../../ui/parts';
import { SpanSwitch, useSpan } from '../../ui/span';

export function History({ summary }: { summary: Summary }) {
  const [span, setSpan] = useSpan();
  const parts = span === '90d' ? summary.days : summary.hours;
  const succeeded = sum(parts, (part) => part.succeeded);
  const failed = sum(parts, (part) => part.failedAttempts);
  const exhausted = sum(parts, (part) => part.exhausted);
  const held = sum(parts, (part) => part.heldAttempts);
  const canceled = sum(parts, (part) => part.canceled);
  const total = succeeded + failed + exhausted + held + canceled;
  return (
    <Card
      class="overview-history"
      title={t('overview.history')}
      actions={<SpanSwitch span={span} onSpan={setSpan} />}
    >
      {total === 0 ? (
        <Empty title={t('overview.quiet')}>{t('overview.quietText')}</Empty>
      ) : (
        <>
          <Facts
            of={[
              [t('overview.delivered'), number(succeeded)],
              [t('overview.successRate'), succeeded + failed === 0 ? '–' : percent(succeeded / (succeeded + failed))],
              [t('overview.failedAttempts'), number(failed)],
              [t('overview.exhausted'), number(exhausted)],
              [t('overview.heldAttempts'), number(held)],
            ]}
          />
          <Outcomes
            label={t(`overview.historyLabel.${span}`)}
            columns={parts.map((part) => ({
              start: part.start,
              counts: [part.succeeded, part.failedAttempts, part.exhausted, part.heldAttempts],
            }))}
            kinds={[
              { name: t('overview.delivered'), tone: 'good' },
              { name: t('overview.failedAttempts'), tone: 'warn' },
              { name: t('overview.exhausted'), tone: 'bad' },
              { name: t('overview.heldAttempts'), tone: 'mute' },
            ]}
            when={(start) => (span === '90d' ? day(start) : clock(start, false))}
            height={220}
          />
        </>
      )}
    </Card>
  );
}
