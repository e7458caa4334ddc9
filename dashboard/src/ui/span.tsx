// The time span of a chart: a day or ninety. The address says which.

import { useSearchParams } from 'wouter-preact';

import { t } from '../texts';

const SPANS = ['24h', '90d'] as const;
export type Span = (typeof SPANS)[number];

export function useSpan(): [Span, (next: Span) => void] {
  const [params, setParams] = useSearchParams();
  const choose = (next: Span) =>
    setParams(
      (now) => {
        if (next === '24h') now.delete('span');
        else now.set('span', next);
        return now;
      },
      { replace: true },
    );
  return [params.get('span') === '90d' ? '90d' : '24h', choose];
}

export function SpanSwitch({ span, onSpan }: { span: Span; onSpan: (next: Span) => void }) {
  return (
    <div class="segments" role="group" aria-label={t('common.span')}>
      {SPANS.map((one) => (
        <button key={one} type="button" aria-pressed={one === span} onClick={() => onSpan(one)}>
          {t(`common.span.${one}`)}
        </button>
      ))}
    </div>
  );
}
