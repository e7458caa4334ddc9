// The latest failures, as they happen.

import { useQuery } from '@tanstack/preact-query';
import { useEffect, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';

import type { ListedEndpoint, Schemas } from '../../api/client';
import { listen } from '../../api/stream';
import { Ago } from '../../format/time';
import { t } from '../../texts';
import { EndpointName } from '../../ui/name';
import { Badge, Card, Empty, ErrorNote, Skeleton, type Tone } from '../../ui/parts';
import { FAILURES, failuresQuery } from './queries';

interface Failure {
  deliveryId: string;
  endpointId: string;
  event: string | null;
  at: string;
  text: string;
  became: 'retrying' | 'exhausted' | 'succeeded';
}

const TONES: Record<Failure['became'], Tone> = { retrying: 'warn', exhausted: 'bad', succeeded: 'good' };

function listed(delivery: Schemas['Delivery']): Failure {
  return {
    deliveryId: delivery.id,
    endpointId: delivery.endpointId,
    event: delivery.event,
    at: delivery.lastAttemptAt ?? delivery.acceptedAt,
    text: delivery.detail ?? delivery.error ?? '',
    became: delivery.status === 'exhausted' ? 'exhausted' : 'retrying',
  };
}

/** The list after an attempt: what failed comes first, and of what is listed is said that it succeeded since. */
function after(failures: Failure[], attempt: Schemas['StreamedAttempt']): Failure[] {
  const { deliveryId, outcome } = attempt;
  if (outcome === 'succeeded') {
    const has = failures.some((one) => one.deliveryId === deliveryId);
    return has ? failures.map((one) => (one.deliveryId === deliveryId ? { ...one, became: 'succeeded' } : one)) : failures;
  }
  if (outcome !== 'retrying' && outcome !== 'exhausted') return failures;
  const failure: Failure = {
    deliveryId,
    endpointId: attempt.endpointId,
    event: attempt.event,
    at: attempt.at,
    text: attempt.detail ?? attempt.error ?? '',
    became: outcome,
  };
  return [failure, ...failures.filter((one) => one.deliveryId !== deliveryId)].slice(0, FAILURES);
}

function Row({ of, endpoint }: { of: Failure; endpoint: ListedEndpoint | undefined }) {
  return (
    <li class="overview-failure">
      <span class="soft overview-small number">
        <Ago at={of.at} />
      </span>
      <EndpointName id={of.endpointId} of={endpoint} />
      <span class="overview-what">
        <Link href={`/endpoints/${of.endpointId}/log/${of.deliveryId}`}>
          <code>{of.event ?? t('overview.someEvent')}</code>
        </Link>
        <bdi class="truncate soft" title={of.text}>
          {of.text}
        </bdi>
      </span>
      <Badge tone={TONES[of.became]}>{t(`overview.became.${of.became}`)}</Badge>
    </li>
  );
}

export function LatestFailures({ endpoints }: { endpoints: ListedEndpoint[] }) {
  const query = useQuery(failuresQuery());
  const [failures, setFailures] = useState<Failure[] | null>(null);
  useEffect(() => {
    if (query.data) setFailures(query.data.deliveries.map(listed));
  }, [query.data]);
  useEffect(
    () =>
      listen((message) => {
        if (message.type === 'attempt') setFailures((now) => now && after(now, message.data));
        else if (message.type === 'gap') void query.refetch();
      }),
    [query.refetch],
  );
  return (
    <Card title={t('overview.failures')}>
      {query.isError && <ErrorNote error={query.error} onRetry={() => query.refetch()} />}
      {!failures && query.isPending && <Skeleton lines={4} height={36} />}
      {failures?.length === 0 && <Empty title={t('overview.noFailures')}>{t('overview.noFailuresText')}</Empty>}
      {failures && failures.length > 0 && (
        <ul class="overview-list">
          {failures.map((one) => (
            <Row key={one.deliveryId} of={one} endpoint={endpoints.find((endpoint) => endpoint.id === one.endpointId)} />
          ))}
        </ul>
      )}
    </Card>
  );
}
