// Account events: what tells a customer's systems about their endpoints. Who gets them, what happened lately, and how to be told.

import './account-events.css';

import { useQuery } from '@tanstack/preact-query';
import { useEffect } from 'preact/hooks';
import { Link } from 'wouter-preact';

import type { Delivery, EventType, ListedEndpoint } from '../../api/client';
import { eventTypesQuery, queryClient } from '../../api/queries';
import { listen } from '../../api/stream';
import { Ago } from '../../format/time';
import { happenings } from '../../layout/happenings';
import { hasText, t } from '../../texts';
import { PlusIcon } from '../../ui/icons';
import { EndpointName } from '../../ui/name';
import { Badge, Card, Empty, ErrorNote, PageHead, Skeleton, type Tone } from '../../ui/parts';
import { allEndpointsQuery } from '../overview/queries';
import { accountDeliveriesQuery, lately, type Happening } from './queries';
import { NobodyIsTold, subscribeTo, Types } from './types';

const OUTCOMES: Partial<Record<Delivery['status'], Tone>> = { succeeded: 'good', exhausted: 'bad', retrying: 'warn', parked: 'warn' };

function happeningText({ reason, state }: Happening): string {
  const key = `accountEvents.reason.${reason}${reason === 'owner' ? `.${state}` : ''}`;
  return hasText(key) ? t(key) : state;
}

function Lately({ of, endpoints }: { of: Happening[]; endpoints: ListedEndpoint[] }) {
  return (
    <Card title={t('accountEvents.lately')}>
      {of.length === 0 ? (
        <Empty title={t('accountEvents.nothing')}>{t('accountEvents.nothingText')}</Empty>
      ) : (
        <ul class="account-events-list">
          {of.map((one) => (
            <li key={`${one.endpointId} ${one.at} ${one.reason}`} class="account-events-line">
              <EndpointName id={one.endpointId} of={endpoints.find((endpoint) => endpoint.id === one.endpointId)} />
              <span>{happeningText(one)}</span>
              <small>
                <Ago at={one.at} />
              </small>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** Reads anew what was sent as soon as one of these events has been. */
function useLive(events: EventType['name'][]): void {
  const names = events.join();
  useEffect(
    () =>
      listen((message) => {
        const isOne = message.type === 'attempt' && message.data.event && names.split(',').includes(message.data.event);
        if (isOne || message.type === 'gap') void queryClient.invalidateQueries({ queryKey: ['account-events'] });
      }),
    [names],
  );
}

function Sent({ events, endpoints }: { events: EventType['name'][]; endpoints: ListedEndpoint[] }) {
  useLive(events);
  const deliveries = useQuery(accountDeliveriesQuery(events));
  return (
    <Card title={t('accountEvents.sent')}>
      {deliveries.isPending && <Skeleton lines={3} height={32} />}
      {deliveries.isError && <ErrorNote error={deliveries.error} onRetry={() => deliveries.refetch()} />}
      {deliveries.data?.length === 0 && <Empty title={t('accountEvents.noneSent')}>{t('accountEvents.noneSentText')}</Empty>}
      <ul class="account-events-list">
        {deliveries.data?.slice(0, 12).map((one) => (
          <li key={one.id} class="account-events-line">
            <EndpointName id={one.endpointId} of={endpoints.find((endpoint) => endpoint.id === one.endpointId)} />
            <span class="row">
              <Link href={`/endpoints/${one.endpointId}/log/${one.id}`}>
                <code>{one.event}</code>
              </Link>
              <Badge tone={OUTCOMES[one.status] ?? 'mute'}>{t(`accountEvents.status.${one.status}`)}</Badge>
            </span>
            <small>
              <Ago at={one.acceptedAt} />
            </small>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function AccountEventsPage() {
  const types = useQuery(eventTypesQuery());
  const list = useQuery(allEndpointsQuery());
  const ofAccount = types.data?.eventTypes.filter((type) => type.accountEvent) ?? [];
  const names = ofAccount.map((type) => type.name);
  const failed = [types, list].find((query) => query.isError);
  const isTold = list.data?.some((one) => one.events.some((event) => names.includes(event)));
  return (
    <>
      <PageHead
        title={t('nav.accountEvents')}
        lead={t('accountEvents.lead')}
        actions={
          names.length > 0 && (
            <Link class="button primary" href={subscribeTo(names)}>
              <PlusIcon /> {t('accountEvents.subscribeAll')}
            </Link>
          )
        }
      />
      {failed && <ErrorNote error={failed.error} onRetry={() => failed.refetch()} />}
      {(types.isPending || list.isPending) && <Skeleton lines={3} height={64} />}
      {types.data && list.data && (
        <>
          {list.data.length > 0 && !isTold && <NobodyIsTold events={names} />}
          <Types types={ofAccount} endpoints={list.data} />
          <div class="columns">
            <Lately of={lately(happenings.value, list.data)} endpoints={list.data} />
            <Sent events={names} endpoints={list.data} />
          </div>
        </>
      )}
    </>
  );
}
