// Removing an endpoint: what is lost with it, and its host to be typed, since nothing brings it back.

import { useMutation } from '@tanstack/preact-query';
import { sum } from 'd3-array';
import { useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';

import { api, dataOf, type EndpointDetail } from '../../api/client';
import { endpointsChanged, queryClient } from '../../api/queries';
import { bytes } from '../../format/numbers';
import { t, tn } from '../../texts';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { TextField } from '../../ui/field';
import { Note } from '../../ui/parts';
import { say } from '../../ui/toast';
import { explain } from './queries';

interface RemoveProps {
  endpoint: EndpointDetail;
  open: boolean;
  onClose: () => void;
}

export function RemoveDialog({ endpoint, open, onClose }: RemoveProps) {
  const [typed, setTyped] = useState('');
  const [, go] = useLocation();
  const { host } = new URL(endpoint.url);
  const { parked, queue } = endpoint.health;
  const waiting = queue.waiting + queue.retrying;
  const attempts = sum(endpoint.days, (day) => day.succeeded + day.failedAttempts);
  const remove = useMutation({
    mutationFn: () =>
      dataOf(api.DELETE('/api/webhooks-config/{id}', { params: { path: { id: endpoint.id }, header: { 'If-Match': endpoint.etag } } })),
    onSuccess: () => {
      say(t('endpoint.removed'));
      go('/endpoints');
      queryClient.removeQueries({ queryKey: ['endpoint', endpoint.id] });
    },
    onError: explain,
    onSettled: endpointsChanged,
  });
  const close = () => {
    setTyped('');
    onClose();
  };
  const isRight = typed.trim().toLowerCase() === host.toLowerCase();
  return (
    <Dialog
      title={t('endpoint.removeTitle')}
      open={open}
      onClose={close}
      actions={
        <>
          <Button onClick={close}>{t('common.cancel')}</Button>
          <Button kind="danger" form="remove-endpoint" type="submit" disabled={!isRight} busy={remove.isPending}>
            {t('endpoint.removeForEver')}
          </Button>
        </>
      }
    >
      <Note tone="warn">
        <div class="stack">
          <p>{t('endpoint.removeLost')}</p>
          <ul class="endpoint-lost">
            {waiting > 0 && <li>{tn('endpoint.removeWaiting', waiting)}</li>}
            {parked.deliveries > 0 && <li>{tn('endpoint.removeParked', parked.deliveries, { size: bytes(parked.bytes) })}</li>}
            {attempts > 0 && <li>{tn('endpoint.removeHistory', attempts)}</li>}
            <li>{t('endpoint.removeSettings')}</li>
          </ul>
        </div>
      </Note>
      <form
        id="remove-endpoint"
        onSubmit={(event) => {
          event.preventDefault();
          if (isRight) remove.mutate();
        }}
      >
        <TextField label={t('endpoint.typeHost', { host })} value={typed} onValue={setTyped} autocomplete="off" spellcheck={false} />
      </form>
    </Dialog>
  );
}
