// Where the time of an attempt went: a bar, and the same in numbers.

import type { Attempt } from '../../../api/client';
import { duration } from '../../../format/time';
import { t } from '../../../texts';

const STEPS = ['dns', 'connect', 'tls', 'wait', 'read'] as const;

type Step = (typeof STEPS)[number];

/** How long each step took (ms). What led to no answer was waiting. */
export function stepsOf({ timing, durationMs }: Pick<Attempt, 'timing' | 'durationMs'>): [Step, number][] {
  const [dns, connect, tls] = [timing.dnsMs ?? 0, timing.connectMs ?? 0, timing.tlsMs ?? 0];
  const all = Math.max(durationMs ?? 0, timing.firstByteMs ?? 0, dns + connect + tls);
  const answered = timing.firstByteMs ?? all;
  const lengths: Record<Step, number> = {
    dns,
    connect,
    tls,
    wait: Math.max(0, answered - dns - connect - tls),
    read: Math.max(0, all - answered),
  };
  return STEPS.map((step) => [step, lengths[step]] as [Step, number]).filter(([, ms]) => ms > 0);
}

export function Timing({ of }: { of: Pick<Attempt, 'timing' | 'durationMs'> }) {
  const steps = stepsOf(of);
  const all = steps.reduce((sum, [, ms]) => sum + ms, 0);
  if (all === 0) return null;
  const isReused = of.timing.connectMs === null && of.timing.firstByteMs !== null;
  return (
    <div class="delivery-timing">
      <div class="delivery-bar" aria-hidden="true">
        {steps.map(([step, ms]) => (
          <i key={step} class={`delivery-step ${step}`} style={{ flexGrow: ms / all }} />
        ))}
      </div>
      <ul class="delivery-steps" aria-label={t('delivery.timing')}>
        {steps.map(([step, ms]) => (
          <li key={step}>
            <i class={`delivery-step ${step}`} />
            {t(`delivery.step.${step}`)} <b class="number">{duration(ms)}</b>
          </li>
        ))}
        {isReused && <li class="soft">{t('delivery.reused')}</li>}
      </ul>
    </div>
  );
}
