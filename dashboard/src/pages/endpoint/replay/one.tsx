// Sends one delivery again. Pressed again after an answer was lost, it is the same replay.

import { useMutation } from '@tanstack/preact-query';
import { useRef } from 'preact/hooks';
import { useLocation, useSearch } from 'wouter-preact';

import { api, dataOf, type EndpointDetail } from '../../../api/client';
import { t } from '../../../texts';
import { Button } from '../../../ui/button';
import { ReplayIcon } from '../../../ui/icons';
import { say, sayError } from '../../../ui/toast';
import { isEnded, type ReadDelivery } from '../delivery/queries';

/** A key that nobody else has; also where the page isn't served over TLS. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function replayDelivery(id: string, deliveryId: string, key: string) {
  const params = { path: { id, deliveryId }, header: { 'Idempotency-Key': key } };
  return dataOf(api.POST('/api/webhooks-config/{id}/deliveries/{deliveryId}/replay', { params }));
}

export function ReplayOne({ of: { delivery, sent }, endpoint }: { of: ReadDelivery; endpoint: EndpointDetail }) {
  const [, navigate] = useLocation();
  const search = useSearch();
  const key = useRef(newKey());
  const replay = useMutation({
    mutationFn: () => replayDelivery(endpoint.id, delivery.id, key.current),
    onSuccess: (made) => {
      key.current = newKey();
      say(t(made.status === 'parked' ? 'replay.oneParked' : 'replay.oneMade'));
      navigate(`/endpoints/${endpoint.id}/log/${made.id}${search ? `?${search}` : ''}`);
    },
    onError: sayError,
  });
  if (sent === null) return null;
  const hint = !endpoint.active ? t('replay.willPark') : !isEnded(delivery.status) ? t('replay.oneOpen') : null;
  return (
    <div class="row">
      <Button icon={<ReplayIcon size={16} />} busy={replay.isPending} onClick={() => replay.mutate()}>
        {t('replay.one')}
      </Button>
      {hint && <span class="soft delivery-small grow">{hint}</span>}
    </div>
  );
}
