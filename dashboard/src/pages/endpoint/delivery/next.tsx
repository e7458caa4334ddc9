// The delivery's status in words, and what comes next.

import type { DeliveryDetail, EndpointDetail } from '../../../api/client';
import { Ago, clock, exact, relative, useNow } from '../../../format/time';
import { t, Text, tn } from '../../../texts';
import { Note, type Tone } from '../../../ui/parts';

function Until({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={exact(at)}>
      {clock(at)} ({relative(at, now)})
    </time>
  );
}

function Retrying({ of, endpoint }: { of: DeliveryDetail; endpoint: EndpointDetail }) {
  if (of.heldUntil) return <Text k="delivery.next.held" with={{ at: <Until at={of.heldUntil} /> }} />;
  if (of.nextAttemptAt && new Date(of.nextAttemptAt) > new Date()) return <Text k="delivery.next.retrying" with={{ at: <Until at={of.nextAttemptAt} /> }} />;
  return <>{t(endpoint.active ? 'delivery.next.due' : 'delivery.next.parked')}</>;
}

function GivenUp({ of }: { of: DeliveryDetail }) {
  if (of.error === 'parked_too_long' || of.error === 'parked_overflow' || of.error === 'endpoint_over_budget' || of.error === 'payload_missing') {
    return <>{t(`delivery.advice.${of.error}`)}</>;
  }
  return <>{of.test ? t('delivery.next.testFailed') : tn('delivery.next.exhausted', of.attempts)}</>;
}

const TONES: Record<DeliveryDetail['status'], Tone> = {
  succeeded: 'good',
  exhausted: 'bad',
  retrying: 'warn',
  quarantined: 'warn',
  pending: 'info',
  in_flight: 'info',
  parked: 'mute',
  canceled: 'mute',
};

function Words({ of, endpoint }: { of: DeliveryDetail; endpoint: EndpointDetail }) {
  switch (of.status) {
    case 'succeeded':
      return <Text k={of.attempts > 1 ? 'delivery.next.succeededAtLast' : 'delivery.next.succeeded'} with={{ ago: of.lastAttemptAt && <Ago at={of.lastAttemptAt} />, count: of.attempts }} />;
    case 'retrying':
      return <Retrying of={of} endpoint={endpoint} />;
    case 'exhausted':
      return <GivenUp of={of} />;
    case 'canceled':
      return <>{t(of.error === 'erased' ? 'delivery.advice.erased' : 'delivery.next.canceled')}</>;
    case 'parked':
      return <>{t(endpoint.state === 'disabled' ? 'delivery.next.parkedDisabled' : 'delivery.next.parked')}</>;
    case 'pending':
      if (of.heldUntil) return <Text k="delivery.next.held" with={{ at: <Until at={of.heldUntil} /> }} />;
      return <>{of.waitsBecause ?? t('delivery.next.pending')}</>;
    case 'in_flight':
      return <>{t('delivery.next.in_flight')}</>;
    case 'quarantined':
      return <>{t('delivery.next.quarantined')}</>;
  }
}

export function Next({ of, endpoint }: { of: DeliveryDetail; endpoint: EndpointDetail }) {
  return (
    <Note tone={TONES[of.status]}>
      <p>
        <Words of={of} endpoint={endpoint} />
      </p>
    </Note>
  );
}
