// Fills the form with what the last test event was, so that only the signature is left to be pasted: what the receiver got, or what its
// own code computes for this body.

import { useMutation } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';

import { api, dataOf, type EndpointDetail } from '../../../api/client';
import { settings } from '../../../settings';
import { t } from '../../../texts';
import { Button } from '../../../ui/button';
import { Note } from '../../../ui/parts';
import { sayError } from '../../../ui/toast';
import { readDelivery } from '../delivery/queries';
import { TestButton } from '../log/empty';

interface FromTestProps {
  endpoint: EndpointDetail;
  onFound: (headers: string, body: string) => void;
}

export function FromTest({ endpoint, onFound }: FromTestProps) {
  const [isNone, setNone] = useState(false);
  const fill = useMutation({
    mutationFn: async (deliveryId: string | null) => {
      const params = { path: { id: endpoint.id }, query: { limit: 100 } };
      const id = deliveryId ?? (await dataOf(api.GET('/api/webhooks-config/{id}/deliveries', { params }))).deliveries.find((one) => one.test)?.id;
      return id ? readDelivery(endpoint.id, id) : null;
    },
    onSuccess: (found) => {
      setNone(!found || found.sent === null);
      if (!found || found.sent === null) return;
      const { delivery } = found;
      const names = [`webhook-id: ${delivery.eventId}`, `${settings.headerPrefix}Delivery: ${delivery.id}`, `${settings.headerPrefix}Signature: `];
      onFound(names.join('\n'), found.sent);
    },
    onError: sayError,
  });
  return (
    <>
      <Button small busy={fill.isPending} onClick={() => fill.mutate(null)}>
        {t('doctor.useTest')}
      </Button>
      {isNone && (
        <Note tone="info" actions={<TestButton endpoint={endpoint} onSent={(id) => fill.mutate(id)} />}>
          {t('doctor.noTest')}
        </Note>
      )}
    </>
  );
}
