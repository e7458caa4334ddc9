// How long the latest attempts took: those of the log, and those that are made while one looks.

import { useQuery } from '@tanstack/preact-query';
import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';

import { api, dataOf, type EndpointDetail } from '../../api/client';
import { listen } from '../../api/stream';
import { Durations, type Attempted } from '../../charts/durations';
import { t } from '../../texts';
import { Card, Empty, ErrorNote, Skeleton } from '../../ui/parts';

/** So many are shown. */
const SHOWN = 100;

/** An attempt in the chart, by its delivery and its number. */
function attempted(deliveryId: string, attempt: number, at: string, ms: number, isGood: boolean, isHeld: boolean): Attempted {
  return { key: `${deliveryId} ${attempt}`, at, ms, as: isGood ? 'succeeded' : isHeld ? 'asked' : 'failed' };
}

export function Latencies({ endpoint }: { endpoint: EndpointDetail }) {
  const [, go] = useLocation();
  const [live, setLive] = useState<Attempted[]>([]);
  const log = useQuery({
    queryKey: ['latencies', endpoint.id],
    queryFn: ({ signal }) => dataOf(api.GET('/api/webhooks-config/{id}/deliveries', { params: { path: { id: endpoint.id }, query: { limit: SHOWN } }, signal })),
    // What was made while this wasn't shown isn't known from the stream.
    staleTime: 0,
  });
  useEffect(
    () =>
      listen((message) => {
        if (message.type !== 'attempt' || message.data.endpointId !== endpoint.id || message.data.durationMs === null) return;
        const { deliveryId, attempt, at, durationMs, outcome } = message.data;
        const made = attempted(deliveryId, attempt, at, durationMs, outcome === 'succeeded', outcome === 'held');
        setLive((before) => [...before.slice(1 - SHOWN), made]);
      }),
    [endpoint.id],
  );
  const known = (log.data?.deliveries ?? []).flatMap((one) =>
    one.durationMs === null || one.lastAttemptAt === null
      ? []
      : [attempted(one.id, one.attempts, one.lastAttemptAt, one.durationMs, one.status === 'succeeded', one.heldUntil !== null)],
  );
  const newer = live.filter((one) => !known.some((other) => other.key === one.key));
  const attempts = [...known, ...newer].sort((one, other) => Date.parse(one.at) - Date.parse(other.at)).slice(-SHOWN);
  return (
    <Card title={t('endpoint.latencies')} class="endpoint-durations">
      {log.isPending && <Skeleton lines={5} />}
      {log.isError && <ErrorNote error={log.error} onRetry={() => void log.refetch()} />}
      {log.data && attempts.length === 0 && <Empty title={t('endpoint.noAttempts')} />}
      {attempts.length > 0 && (
        <Durations
          label={t('endpoint.latenciesLabel')}
          attempts={attempts}
          onChoose={(key) => go(`/endpoints/${endpoint.id}/log/${key.split(' ')[0]}`)}
        />
      )}
    </Card>
  );
}
