// What narrows the list, and what is done with those that are selected.

import { useQuery } from '@tanstack/preact-query';
import { useEffect, useState } from 'preact/hooks';

import type { ListedEndpoint } from '../../../api/client';
import { eventTypesQuery } from '../../../api/queries';
import { t, tn } from '../../../texts';
import { Button } from '../../../ui/button';
import { PauseIcon, PlayIcon } from '../../../ui/icons';
import { useBulk, type Rejected, type Wanted } from './bulk';
import type { Filters } from './queries';

/** So long nothing was typed before the list is asked for (ms). */
const PAUSE = 250;

/** A text that the list is narrowed by, as soon as somebody has stopped typing. */
function Typed({ label, value, onValue }: { label: string; value: string; onValue: (value: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onValue(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return <input type="search" aria-label={label} placeholder={label} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />;
}

const STATES = ['active', 'paused', 'disabled', 'off'] as const;

export function FilterBar({ filters, onFilters }: { filters: Filters; onFilters: (part: Partial<Filters>) => void }) {
  const types = useQuery(eventTypesQuery());
  return (
    <div class="endpoints-filters" role="search">
      <Typed label={t('endpoints.search')} value={filters.search} onValue={(search) => onFilters({ search })} />
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
      <Typed label={t('endpoints.chatbot')} value={filters.chatbotId} onValue={(chatbotId) => onFilters({ chatbotId })} />
    </div>
  );
}

interface SelectionBarProps {
  selected: ListedEndpoint[];
  /** How many could be selected. */
  shown: number;
  onAll: () => void;
  onClear: () => void;
  onRejected: (rejected: Rejected[]) => void;
}

export function SelectionBar({ selected, shown, onAll, onClear, onRejected }: SelectionBarProps) {
  const bulk = useBulk(onRejected);
  const parked = selected.reduce((sum, one) => sum + one.health.parked.deliveries, 0);
  const act = (state: Wanted) => bulk.mutate({ endpoints: selected, state });
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
      <span class="grow" />
      {selected.length < shown && (
        <Button small kind="quiet" onClick={onAll}>
          {t('endpoints.selectShown', { count: shown })}
        </Button>
      )}
      <Button small kind="quiet" onClick={onClear}>
        {t('endpoints.unselect')}
      </Button>
    </div>
  );
}
