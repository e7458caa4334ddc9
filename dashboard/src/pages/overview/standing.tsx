// Endpoints by state, and how much of what may wait is used.

import { Link } from 'wouter-preact';

import type { Summary } from '../../api/client';
import { bytes, number, percent } from '../../format/numbers';
import { t, tn } from '../../texts';
import { Card } from '../../ui/parts';

const STATES = ['active', 'paused', 'disabled', 'off'] as const;
const FILLS = { active: 'fill-good', held: 'fill-info', paused: 'fill-warn', disabled: 'fill-bad', off: 'fill-mute' } as const;

export function ByState({ summary, held }: { summary: Summary; held: number }) {
  const counts = summary.endpoints;
  const total = STATES.reduce((sum, state) => sum + counts[state], 0);
  const shown = [
    { state: 'active' as const, count: counts.active - held, query: 'active' },
    { state: 'held' as const, count: held, query: 'active' },
    ...(['paused', 'disabled', 'off'] as const).map((state) => ({ state, count: counts[state], query: state })),
  ];
  return (
    <Card title={t('nav.endpoints')} class="overview-states">
      <p class="overview-figure">
        <strong class="number">{number(total)}</strong> <span class="soft">{t('overview.inAll')}</span>
      </p>
      <div class="overview-shares" aria-hidden="true">
        {shown.map(({ state, count }) => count > 0 && <span key={state} class={FILLS[state]} style={{ flexGrow: count }} />)}
      </div>
      <ul class="legend">
        {shown.map(({ state, count, query }) => (
          <li key={state}>
            <Link href={`/endpoints?state=${query}`}>
              <i class={`dot ${FILLS[state]}`} /> {t(`state.${state}`)} <b class="number">{number(count)}</b>
            </Link>
          </li>
        ))}
      </ul>
      {counts.operatorHolds > 0 && <p class="hint">{tn('overview.operatorHolds', counts.operatorHolds)}</p>}
    </Card>
  );
}

export function Budget({ summary }: { summary: Summary }) {
  const { unfinishedBytes: used, budgetBytes: budget } = summary;
  const share = budget > 0 ? Math.min(1, used / budget) : 0;
  const tone = share >= 0.8 ? 'fill-bad' : share >= 0.5 ? 'fill-warn' : 'fill-good';
  return (
    <Card title={t('overview.waiting')} class="overview-budget">
      <p class="overview-figure">
        <strong class="number">{bytes(used)}</strong> <span class="soft">{t('overview.ofBudget', { budget: bytes(budget) })}</span>
      </p>
      <div
        class="overview-shares"
        role="meter"
        aria-label={t('overview.waiting')}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        aria-valuetext={percent(share)}
      >
        <span class={tone} style={{ width: `max(${used > 0 ? 4 : 0}px, ${share * 100}%)` }} />
      </div>
      <p class="soft overview-small">{t('overview.waitingText')}</p>
    </Card>
  );
}
