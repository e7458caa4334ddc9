// What deliveries ended as, over a day or ninety. The address says which.

import { sum } from 'd3-array';
import { useSearchParams } from 'wouter-preact';

import type { Summary } from '../../api/client';
import { Outcomes } from '../../charts/outcomes';
import { number, percent } from '../../format/numbers';
import { clock, day } from '../../format/time';
import { t } from '../../texts';
import { Card, Empty, Facts } from '../../ui/parts';

const SPANS = ['24h', '90d'] as const;

export function History({ summary }: { summary: Summary }) {
  const [params, setParams] = useSearchParams();
  const span = params.get('span') === '90d' ? '90d' : '24h';
  const parts = span === '90d' ? summary.days : summary.hours;
  const succeeded = sum(parts, (part) => part.succeeded);
  const failed = sum(parts, (part) => part.failedAttempts);
  const exhausted = sum(parts, (part) => part.exhausted);
  const held = sum(parts, (part) => part.heldAttempts);
  const canceled = sum(parts, (part) => part.canceled);
  const total = succeeded + failed + exhausted + held + canceled;
  const choose = (next: (typeof SPANS)[number]) =>
    setParams(
      (now) => {
        if (next === '24h') now.delete('span');
        else now.set('span', next);
        return now;
      },
      { replace: true },
    );
  return (
    <Card
      class="overview-history"
      title={t('overview.history')}
      actions={
        <div class="segments" role="group" aria-label={t('overview.span')}>
          {SPANS.map((one) => (
            <button key={one} type="button" aria-pressed={one === span} onClick={() => choose(one)}>
              {t(`overview.span.${one}`)}
            </button>
          ))}
        </div>
      }
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
