// The account events: what each tells, who gets it, and how one more does.

import { Link } from 'wouter-preact';

import type { EventType, ListedEndpoint } from '../../api/client';
import { t } from '../../texts';
import { BellIcon, WarningIcon } from '../../ui/icons';
import { nameOf } from '../../ui/name';
import { Card, Note } from '../../ui/parts';

/** Where an endpoint is made that gets these events. */
export const subscribeTo = (events: string[]) => `/endpoints/new?events=${events.map(encodeURIComponent).join(',')}`;

function Receivers({ of }: { of: ListedEndpoint[] }) {
  if (of.length === 0) return <span class="soft">{t('accountEvents.nobody')}</span>;
  return (
    <ul class="account-events-receivers">
      {of.map((endpoint) => (
        <li key={endpoint.id}>
          <Link href={`/endpoints/${endpoint.id}`} title={endpoint.url}>
            <bdi>{nameOf(endpoint)}</bdi>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** Says that nobody hears of it when an endpoint is disabled. */
export function NobodyIsTold({ events }: { events: string[] }) {
  return (
    <Note
      tone="warn"
      icon={<WarningIcon />}
      actions={
        <Link class="button primary small" href={subscribeTo(events)}>
          {t('accountEvents.subscribe')}
        </Link>
      }
    >
      {t('accountEvents.nobodyIsTold')}
    </Note>
  );
}

export function Types({ types, endpoints }: { types: EventType[]; endpoints: ListedEndpoint[] }) {
  return (
    <Card title={t('accountEvents.types')}>
      <ul class="account-events-list">
        {types.map((type) => (
          <li key={type.name} class="account-events-type">
            <BellIcon />
            <div class="grow">
              <Link href={`/event-types?event=${type.name}`}>
                <code>{type.name}</code>
              </Link>
              <p class="soft">{type.description}</p>
            </div>
            <Receivers of={endpoints.filter((one) => one.events.includes(type.name))} />
            <Link class="button small" href={subscribeTo([type.name])} aria-label={t('accountEvents.subscribeTo', { event: type.name })}>
              {t('accountEvents.add')}
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}
