// What of the log is shown, and whether it goes on by itself.

import { useQuery } from '@tanstack/preact-query';
import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';

import { eventTypesQuery } from '../../../api/queries';
import { t } from '../../../texts';
import { Button } from '../../../ui/button';
import { CloseIcon } from '../../../ui/icons';
import { isFiltered } from './filters';
import { fromField, hoursAgo, toField } from './moments';
import { STATUSES, type Filters, type Status } from './rows';

interface BarProps {
  filters: Filters;
  onChange: (change: Partial<Filters>) => void;
  children: ComponentChildren;
}

function Moment({ label, at, onAt }: { label: string; at: string | null; onAt: (at: string | null) => void }) {
  const id = useId();
  return (
    <span class="log-moment">
      <label for={id}>{label}</label>
      <input id={id} type="datetime-local" value={toField(at)} onChange={(event) => onAt(fromField(event.currentTarget.value))} />
    </span>
  );
}

const SPANS = [1, 24, 168] as const;

/** When: since so many hours ago, or between two moments, which are then shown. */
function Time({ filters, onChange }: Pick<BarProps, 'filters' | 'onChange'>) {
  const [isOpen, setOpen] = useState(false);
  const isSet = filters.since !== null || filters.until !== null;
  const choose = (value: string) => {
    setOpen(value === 'custom');
    if (value !== 'custom') onChange({ since: value ? hoursAgo(Number(value)) : null, until: null });
  };
  return (
    <>
      <select aria-label={t('log.filterTime')} value={isSet || isOpen ? 'custom' : ''} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">{t('log.anyTime')}</option>
        {SPANS.map((hours) => (
          <option key={hours} value={hours}>
            {t(`log.span.${hours}`)}
          </option>
        ))}
        <option value="custom">{t('log.span.custom')}</option>
      </select>
      {(isSet || isOpen) && (
        <>
          <Moment label={t('log.since')} at={filters.since} onAt={(since) => onChange({ since })} />
          <Moment label={t('log.until')} at={filters.until} onAt={(until) => onChange({ until })} />
        </>
      )}
    </>
  );
}

/** Filters at the left, what can be done with the log at the right. */
export function FilterBar({ filters, onChange, children }: BarProps) {
  const types = useQuery(eventTypesQuery());
  const names = types.data?.eventTypes.map((type) => type.name as string) ?? [];
  if (filters.event && !names.includes(filters.event)) names.push(filters.event);
  return (
    <div class="log-bar">
      <div class="log-filters" role="group" aria-label={t('log.filters')}>
        <select
          aria-label={t('log.filterStatus')}
          value={filters.status ?? ''}
          onChange={(event) => onChange({ status: (event.currentTarget.value || null) as Status | null })}
        >
          <option value="">{t('log.anyStatus')}</option>
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {t(`log.status.${status}`)}
            </option>
          ))}
        </select>
        <select aria-label={t('log.filterEvent')} value={filters.event ?? ''} onChange={(event) => onChange({ event: event.currentTarget.value || null })}>
          <option value="">{t('log.anyEvent')}</option>
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <Time filters={filters} onChange={onChange} />
        {isFiltered(filters) && (
          <Button small kind="quiet" icon={<CloseIcon size={15} />} onClick={() => onChange({ status: null, event: null, since: null, until: null })}>
            {t('log.clear')}
          </Button>
        )}
      </div>
      <div class="actions">{children}</div>
    </div>
  );
}
