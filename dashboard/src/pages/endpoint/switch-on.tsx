// Switching an endpoint on for which deliveries are parked: they are sent, or discarded.

import { useState } from 'preact/hooks';

import type { EndpointDetail } from '../../api/client';
import { bytes } from '../../format/numbers';
import { t, tn } from '../../texts';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Choice } from '../../ui/field';
import { Note } from '../../ui/parts';
import { useChange } from './queries';

interface SwitchOnProps {
  endpoint: EndpointDetail;
  open: boolean;
  onClose: () => void;
}

export function SwitchOnDialog({ endpoint, open, onClose }: SwitchOnProps) {
  const change = useChange(endpoint);
  const [parked, setParked] = useState<'deliver' | 'discard'>('deliver');
  const { deliveries, bytes: size } = endpoint.health.parked;
  const go = () =>
    change.mutate(
      { body: { state: 'active', parked }, done: parked === 'deliver' ? tn('endpoint.onSending', deliveries) : tn('endpoint.onDiscarding', deliveries) },
      { onSettled: onClose },
    );
  return (
    <Dialog
      title={t('endpoint.switchOnTitle')}
      open={open}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind={parked === 'deliver' ? 'primary' : 'danger'} busy={change.isPending} onClick={go}>
            {t(parked === 'deliver' ? 'endpoint.onAndSend' : 'endpoint.onAndDiscard')}
          </Button>
        </>
      }
    >
      <p>{tn('endpoint.parkedWait', deliveries, { size: bytes(size) })}</p>
      <Choice
        label={t('endpoint.whatOfParked')}
        value={parked}
        onValue={setParked}
        of={[
          ['deliver', t('endpoint.deliverParked')],
          ['discard', t('endpoint.discardParked')],
        ]}
      />
      {parked === 'discard' && (
        <Note tone="warn">
          <p>{t('endpoint.discardWarning')}</p>
        </Note>
      )}
    </Dialog>
  );
}
