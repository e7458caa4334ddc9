// The event catalogue: whatever an endpoint can get, searched as one types. The address says what is searched and which one is open.

import './event-types.css';

import { useQuery } from '@tanstack/preact-query';
import { useEffect, useRef } from 'preact/hooks';
import { useSearchParams } from 'wouter-preact';

import type { EventType } from '../../api/client';
import { eventTypesQuery } from '../../api/queries';
import { useShortcut } from '../../layout/shortcuts';
import { hasText, t, tn } from '../../texts';
import { ChevronIcon, SearchIcon } from '../../ui/icons';
import { Badge, Card, Empty, ErrorNote, PageHead, Skeleton } from '../../ui/parts';
import { EventTypeDetail } from './detail';
import { groupsOf, matches } from './queries';

function titleOf(group: string): string {
  const key = `eventTypes.group.${group}`;
  return hasText(key) ? t(key) : group;
}

function Row({ of, isOpen, onToggle }: { of: EventType; isOpen: boolean; onToggle: () => void }) {
  const id = `event-${of.name}`;
  return (
    <li class="event-types-row">
      <h3>
        <button type="button" aria-expanded={isOpen} aria-controls={id} onClick={onToggle}>
          <ChevronIcon size={16} />
          <code>{of.name}</code>
          <span class="soft">{of.description}</span>
          <span class="event-types-marks">
            {of.deprecated && (
              <Badge tone="warn" title={t('eventTypes.deprecatedText')}>
                {t('eventTypes.deprecated')}
              </Badge>
            )}
            <small>{t('eventTypes.version', { version: of.version })}</small>
          </span>
        </button>
      </h3>
      <div id={id} hidden={!isOpen}>
        {isOpen && <EventTypeDetail of={of} />}
      </div>
    </li>
  );
}

/** `j` and `k` go from one event to the next. */
function useSteps() {
  const box = useRef<HTMLDivElement>(null);
  const step = (by: number) => {
    const all = [...(box.current?.querySelectorAll<HTMLElement>('.event-types-row button[aria-expanded]') ?? [])];
    const now = all.findIndex((one) => one.parentElement?.parentElement?.contains(document.activeElement));
    all[now < 0 ? 0 : Math.min(all.length - 1, Math.max(0, now + by))]?.focus();
  };
  useShortcut('j', t('eventTypes.next'), () => step(1));
  useShortcut('k', t('eventTypes.previous'), () => step(-1));
  return box;
}

export function EventTypesPage() {
  const types = useQuery(eventTypesQuery());
  const [params, setParams] = useSearchParams();
  const search = params.get('q') ?? '';
  const open = params.get('event');
  const box = useSteps();
  const set = (name: string, value: string | null) =>
    setParams(
      (now) => {
        if (value) now.set(name, value);
        else now.delete(name);
        return now;
      },
      { replace: true },
    );
  // Who comes with a link to an event sees it at once.
  useEffect(() => {
    if (open && types.data) document.getElementById(`event-${open}`)?.parentElement?.scrollIntoView({ block: 'nearest' });
  }, [types.data]);
  const found = types.data?.eventTypes.filter((type) => matches(type, search)) ?? [];
  return (
    <>
      <PageHead title={t('nav.eventTypes')} lead={t('eventTypes.lead')} />
      <div class="event-types-search">
        <SearchIcon />
        <input
          type="search"
          aria-label={t('eventTypes.search')}
          placeholder={t('eventTypes.searchHint')}
          value={search}
          onInput={(event) => set('q', event.currentTarget.value)}
        />
        <span class="hidden-visually" role="status">
          {types.data && search ? tn('eventTypes.found', found.length) : ''}
        </span>
      </div>
      {types.isPending && <Skeleton lines={6} height={40} />}
      {types.isError && <ErrorNote error={types.error} onRetry={() => types.refetch()} />}
      {types.data && found.length === 0 && <Empty title={t('eventTypes.none')}>{t('eventTypes.noneText')}</Empty>}
      <div class="stack" ref={box}>
        {groupsOf(found).map(([group, members]) => (
          <Card key={group} title={titleOf(group)} class="event-types-group">
            <ul>
              {members.map((type) => (
                <Row key={type.name} of={type} isOpen={open === type.name} onToggle={() => set('event', open === type.name ? null : type.name)} />
              ))}
            </ul>
          </Card>
        ))}
      </div>
    </>
  );
}
