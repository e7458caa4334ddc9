// An endpoint in the list.

import { Link } from 'wouter-preact';

import type { ListedEndpoint } from '../../../api/client';
import { Sparkline } from '../../../charts/sparkline';
import { number, percent } from '../../../format/numbers';
import { Ago, duration } from '../../../format/time';
import { t, Text, tn } from '../../../texts';
import { Advice } from '../../../ui/advice';
import { addressOf, nameOf } from '../../../ui/name';
import { StateBadge } from '../../../ui/state';

interface RowProps {
  endpoint: ListedEndpoint;
  isSelected: boolean;
  isActive: boolean;
  disableAfter: number | undefined;
  onSelect: (is: boolean) => void;
}

function events(endpoint: ListedEndpoint): string {
  if (endpoint.events.includes('*')) return t('endpoints.allEvents');
  const [first, ...rest] = endpoint.events;
  return rest.length > 0 ? t('endpoints.eventsAndMore', { event: first ?? '', count: rest.length }) : (first ?? '');
}

/** What is wrong with it, and what to do; of a failure that is over, only when that was. */
function Trouble({ endpoint, disableAfter }: { endpoint: ListedEndpoint; disableAfter: number | undefined }) {
  const { lastError, parked } = endpoint.health;
  const { consecutiveFailures: failures, lastAttempt } = endpoint;
  const failed = lastError ?? (lastAttempt?.succeeded === false ? lastAttempt : null);
  return (
    <>
      {failures > 0 && (
        <p class="endpoints-bad">
          {disableAfter && failures <= disableAfter ? t('endpoints.failuresOf', { failures, most: disableAfter }) : tn('endpoints.failures', failures)}
        </p>
      )}
      {parked.deliveries > 0 && <p class="endpoints-parked">{tn('endpoints.parked', parked.deliveries)}</p>}
      {failed && (
        <p class="endpoints-error">
          <Text k="endpoints.lastError" with={{ what: failed.status ?? t(`log.error.${failed.error ?? 'http_status'}`), when: <Ago at={failed.at} /> }} />
        </p>
      )}
      {lastError && failures > 0 && (
        <p class="endpoints-error">
          <Advice text={lastError.advice} />
        </p>
      )}
    </>
  );
}

export function Row({ endpoint, isSelected, isActive, disableAfter, onSelect }: RowProps) {
  const { health } = endpoint;
  const name = nameOf(endpoint);
  return (
    <tr class={`endpoints-row${isActive ? ' active' : ''}${isSelected ? ' selected' : ''}`} data-id={endpoint.id}>
      <td class="endpoints-check">
        <input type="checkbox" aria-label={t('endpoints.select', { name })} checked={isSelected} onChange={(event) => onSelect(event.currentTarget.checked)} />
      </td>
      <th scope="row">
        <Link class="endpoints-name" href={`/endpoints/${endpoint.id}`}>
          <bdi>{name}</bdi>
        </Link>
        {name !== addressOf(endpoint.url) && (
          <small class="endpoints-url" title={endpoint.url}>
            <bdi>{addressOf(endpoint.url)}</bdi>
          </small>
        )}
        <small class="endpoints-events">{events(endpoint)}</small>
      </th>
      <td class="endpoints-state">
        <StateBadge of={endpoint} />
        <Trouble endpoint={endpoint} disableAfter={disableAfter} />
      </td>
      <td class="endpoints-spark">
        <Sparkline label={t('endpoints.sparkline', { name })} hours={endpoint.hours} />
      </td>
      <td class="number endpoints-figure" data-label={t('endpoints.success')}>
        {health.successRate === null ? '–' : percent(health.successRate)}
      </td>
      <td class="number endpoints-figure" data-label={t('endpoints.p95')}>
        {health.p95Ms === null ? '–' : duration(health.p95Ms)}
      </td>
      <td class="number endpoints-figure" data-label={t('endpoints.queue')}>
        {number(health.queue)}
      </td>
    </tr>
  );
}
