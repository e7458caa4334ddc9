// What a delivery's status looks like, and how its last answer is said in short.

import type { Delivery } from '../../../api/client';
import { t } from '../../../texts';
import { Badge, type Tone } from '../../../ui/parts';
import type { Status } from './rows';

const TONES: Record<Status, Tone> = {
  pending: 'mute',
  quarantined: 'warn',
  in_flight: 'info',
  retrying: 'warn',
  parked: 'mute',
  succeeded: 'good',
  exhausted: 'bad',
  canceled: 'mute',
};

export function DeliveryBadge({ status }: { status: Status }) {
  return <Badge tone={TONES[status]}>{t(`log.status.${status}`)}</Badge>;
}

interface AnswerProps {
  of: Pick<Delivery, 'httpStatus' | 'error'>;
}

/** The HTTP status, or what went wrong instead; nothing before the first attempt. */
export function Answer({ of: { httpStatus, error } }: AnswerProps) {
  const isBad = error !== null;
  return (
    <span class={`log-answer${isBad ? ' bad' : ''}`}>
      {httpStatus !== null && <b class="number">{httpStatus}</b>}
      {error && error !== 'http_status' && <span class="truncate">{t(`log.error.${error}`)}</span>}
    </span>
  );
}

/** Marks of what isn't an ordinary delivery. */
export function Marks({ of }: { of: { test: boolean; isReplay: boolean } }) {
  return (
    <>
      {of.test && <span class="log-mark">{t('log.test')}</span>}
      {of.isReplay && <span class="log-mark">{t('log.replay')}</span>}
    </>
  );
}
