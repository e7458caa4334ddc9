// An event of the catalogue, opened: what a receiver gets, and who gets it.

import { useQuery } from '@tanstack/preact-query';
import { Link } from 'wouter-preact';

import type { EventType } from '../../api/client';
import { t, tn } from '../../texts';
import { Json } from '../../ui/code';
import { PlusIcon } from '../../ui/icons';
import { EndpointName } from '../../ui/name';
import { ErrorNote, Skeleton } from '../../ui/parts';
import { StateBadge } from '../../ui/state';
import { receiversQuery } from './queries';

function Receivers({ of }: { of: EventType }) {
  const receivers = useQuery(receiversQuery(of.name));
  if (receivers.isPending) return <Skeleton lines={2} height={28} />;
  if (!receivers.data) return <ErrorNote error={receivers.error} onRetry={() => receivers.refetch()} />;
  return (
    <>
      <h3>{receivers.data.length === 0 ? t('eventTypes.noReceivers') : tn('eventTypes.receivers', receivers.data.length)}</h3>
      <ul class="event-types-receivers">
        {receivers.data.map((endpoint) => (
          <li key={endpoint.id}>
            <EndpointName id={endpoint.id} of={endpoint} />
            <StateBadge of={endpoint} />
          </li>
        ))}
      </ul>
    </>
  );
}

export function EventTypeDetail({ of }: { of: EventType }) {
  return (
    <div class="event-types-detail">
      <div class="stack">
        <h3>{t('eventTypes.sample')}</h3>
        <Json value={of.sample} label={t('eventTypes.sampleOf', { event: of.name })} />
        <details>
          <summary>{t('eventTypes.schema')}</summary>
          <p class="soft">{t('eventTypes.schemaText')}</p>
          <Json value={of.schema} label={t('eventTypes.schemaOf', { event: of.name })} />
        </details>
      </div>
      <div class="stack event-types-who">
        <Receivers of={of} />
        <p>
          <Link class="button" href={`/endpoints/new?events=${encodeURIComponent(of.name)}`}>
            <PlusIcon /> {t('eventTypes.create')}
          </Link>
        </p>
        {of.accountEvent && <p class="soft">{t('eventTypes.accountText')}</p>}
      </div>
    </div>
  );
}
