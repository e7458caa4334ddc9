// A log without deliveries: what would be here, and how it comes.

import { useMutation } from '@tanstack/preact-query';

import { api, dataOf, type EndpointDetail } from '../../../api/client';
import { t } from '../../../texts';
import { Button } from '../../../ui/button';
import { Empty } from '../../../ui/parts';
import { say, sayError } from '../../../ui/toast';
import { isFiltered } from './filters';
import type { Filters } from './rows';

/** Sends a test event, and says what the receiver answered. */
export function TestButton({ endpoint, onSent }: { endpoint: EndpointDetail; onSent?: (deliveryId: string) => void }) {
  const send = useMutation({
    mutationFn: () => dataOf(api.POST('/api/webhooks-config/{id}/test', { params: { path: { id: endpoint.id } }, body: {} })),
    onSuccess: ({ succeeded, attempt, deliveryId }) => {
      if (succeeded) say(t('log.testSucceeded', { status: attempt.httpStatus ?? '' }));
      else say(t('log.testFailed', { detail: attempt.detail ?? '' }), { tone: 'warn' });
      onSent?.(deliveryId);
    },
    onError: sayError,
  });
  return (
    <Button kind="primary" busy={send.isPending} onClick={() => send.mutate()}>
      {t('log.sendTest')}
    </Button>
  );
}

interface EmptyProps {
  endpoint: EndpointDetail;
  filters: Filters;
  onClear: () => void;
  onSent: () => void;
}

export function EmptyLog({ endpoint, filters, onClear, onSent }: EmptyProps) {
  if (isFiltered(filters)) {
    return (
      <Empty title={t('log.noMatch')} action={<Button onClick={onClear}>{t('log.clear')}</Button>}>
        {t('log.noMatchText')}
      </Empty>
    );
  }
  return (
    <Empty title={t('log.empty')} action={<TestButton endpoint={endpoint} onSent={onSent} />}>
      {t(endpoint.active ? 'log.emptyText' : 'log.emptyInactive')}
    </Empty>
  );
}
