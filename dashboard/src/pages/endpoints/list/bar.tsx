// What narrows the list, and what is done with those that are selected.

import { useQuery } from '@tanstack/preact-query';
import { useEffect, useState } from 'preact/hooks';

import type { ListedEndpoint } from '../../../api/client';
import { eventTypesQuery } from '../../../api/queries';
import { t, tn } from '../../../texts';
import { Button } from '../../../ui/button';
import { PauseIcon, PlayIcon } from '../../../ui/icons';
import { useBulk, type Filters } from './queries';

/** So long nothing was typed before the list is asked for (ms). */
const PAUSE = 250;

function Search({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onValue(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return <input type="search" aria-label={t('endpoints.search')} placeholder={t('endpoints.search')} value={text} onInput={(event) => setText(event.currentTarget.value)} />;
}

const STATES = ['active', 'paused', 'disabled', 'off'] as const;

export function FilterBar({ filters, onFilters }: { filters: Filters; onFilters: (part: Partial<Filters>) => void }) {
  const types = useQuery(eventTypesQuery());
  return (
    <div class="endpoints-filters" role="search">
      <Search value={filters.search} onValue={(search) => onFilters({ search })} />
      <select aria-label={t('endpoints.state')} value={filters.state} onChange={(event) => onFilters({ state: event.currentTarget.value })}>
        <option value="">{t('endpoints.anyState')}</option>
        {STATES.map((state) => (
          <option key={state} value={state}>
            {t(`state.${state}`)}
          </option>
        ))}
      </select>
      <select aria-label={t('endpoints.event')} value={filters.event} onChange={(event) => onFilters({ event: event.currentTarget.value })}>
        <option value="">{t('endpoints.anyEvent')}</option>
        {types.data?.eventTypes.map((type) => (
          <option key={type.name}>{type.name}</option>
        ))}
      </select>
      {filters.chatbotId && (
        <Button small onClick={() => onFilters({ chatbotId: '' })}>
          {t('endpoints.ofChatbot', { id: filters.chatbotId })} ×
        </Button>
      )}
    </div>
  );
}

export function SelectionBar({ selected, onClear }: { selected: ListedEndpoint[]; onClear: () => void }) {
  const bulk = useBulk(onClear);
  const parked = selected.reduce((sum, one) => sum + one.health.parked.deliveries, 0);
  const act = (state: 'active' | 'off' | 'paused') => bulk.mutate({ endpoints: selected, state });
  return (
    <div class="endpoints-selection" role="region" aria-label={t('endpoints.selection')}>
      <strong aria-live="polite">{tn('endpoints.selected', selected.length)}</strong>
      <Button small icon={<PlayIcon size={15} />} busy={bulk.isPending} onClick={() => act('active')}>
        {parked > 0 ? tn('endpoints.onSending', parked) : t('endpoints.on')}
      </Button>
      <Button small icon={<PauseIcon size={15} />} busy={bulk.isPending} onClick={() => act('paused')}>
        {t('endpoints.pause')}
      </Button>
      <Button small busy={bulk.isPending} onClick={() => act('off')}>
        {t('endpoints.off')}
      </Button>
      <Button small kind="quiet" onClick={onClear}>
        {t('endpoints.unselect')}
      </Button>
    </div>
  );
}
