// The log of an endpoint's deliveries: live, filtered, and with the one that is looked at beside it.

import { useEffect, useRef } from 'preact/hooks';
import { useLocation, useRoute, useSearch } from 'wouter-preact';

import './log.css';
import './narrow.css';

import type { EndpointDetail } from '../../../api/client';
import { useShortcut } from '../../../layout/keyboard';
import { t, tn } from '../../../texts';
import { Button } from '../../../ui/button';
import { PauseIcon, PlayIcon } from '../../../ui/icons';
import { ErrorNote, Note, Skeleton } from '../../../ui/parts';
import { DeliveryPanel } from '../delivery';
import { ReplayMatching, ReplayProgress } from '../replay';
import { SelectionBar } from '../replay/selected';
import { EmptyLog } from './empty';
import { FilterBar } from './filter-bar';
import { useFilters } from './filters';
import { LogList } from './list';
import { useSelection } from './selection';
import { useLog } from './use-log';

/** So long after the pointer has moved over the rows they stay where they are (ms): else one presses another than one meant. */
const STILL = 1200;

export function LogTab({ endpoint }: { endpoint: EndpointDetail }) {
  const [filters, setFilters] = useFilters();
  const [, navigate] = useLocation();
  const search = useSearch();
  const [, route] = useRoute('/endpoints/:id/log/:deliveryId');
  const openId = route?.deliveryId ?? null;
  const selection = useSelection();

  const atTop = useRef(true);
  const lastPointer = useRef(0);
  const active = useRef<string | null>(openId);
  const focusRow = useRef<(id: string, isFocused: boolean) => void>(() => undefined);
  const canMove = () => atTop.current && !openId && selection.ids.size === 0 && Date.now() - lastPointer.current > STILL;
  const log = useLog(endpoint.id, filters, canMove);

  const hrefOf = (id: string | null) => `/endpoints/${endpoint.id}/log${id ? `/${id}` : ''}${search ? `?${search}` : ''}`;
  const open = (id: string | null) => navigate(hrefOf(id), { replace: openId !== null && id !== null });
  const close = () => {
    const id = openId;
    open(null);
    if (id) requestAnimationFrame(() => focusRow.current(id, true));
  };
  const at = log.rows.findIndex((row) => row.id === (openId ?? active.current));
  const next = openId !== null && at < 0 ? undefined : log.rows[at + 1];
  const previous = at > 0 ? log.rows[at - 1] : undefined;
  const move = (row: typeof next) => {
    if (!row) return;
    focusRow.current(row.id, openId === null);
    if (openId) open(row.id);
  };
  // Which row the keyboard is at isn't known to the render that drew the page: it is looked up when a key is pressed.
  const step = (by: 1 | -1) => {
    const here = log.rows.findIndex((row) => row.id === (openId ?? active.current));
    move(here < 0 && openId ? undefined : log.rows[here + by] ?? (here < 0 ? log.rows[0] : undefined));
  };
  useShortcut('j', t('log.key.next'), () => step(1), { enabled: log.rows.length > 0 });
  useShortcut('k', t('log.key.previous'), () => step(-1), { enabled: log.rows.length > 0 });
  useShortcut('Enter', t('log.key.open'), () => active.current && open(active.current), { enabled: log.rows.length > 0 });
  useShortcut('x', t('log.key.select'), () => (openId ?? active.current) && selection.toggle((openId ?? active.current)!), { enabled: log.rows.length > 0 });
  useShortcut('Escape', t('log.key.close'), () => (openId ? close() : selection.clear()), { enabled: openId !== null || selection.ids.size > 0 });
  useEffect(() => {
    if (openId) active.current = openId;
  }, [openId]);

  const isEmpty = log.query.isSuccess && log.rows.length === 0 && !log.query.hasNextPage;
  return (
    <section class="log" aria-label={t('log.title')}>
      <FilterBar filters={filters} onChange={setFilters}>
        <Button small kind={log.isLive ? 'plain' : 'primary'} icon={log.isLive ? <PauseIcon size={15} /> : <PlayIcon size={15} />} onClick={() => log.setLive(!log.isLive)}>
          {log.isLive ? t('log.pause') : log.waiting > 0 ? t('log.resumeWith', { count: log.waiting }) : t('log.resume')}
        </Button>
        <ReplayMatching endpoint={endpoint} />
      </FilterBar>
      <ReplayProgress endpoint={endpoint} />
      {filters.status === null && endpoint.health.parked.deliveries > 0 && (
        <Note tone="mute" actions={<Button small onClick={() => setFilters({ status: 'parked' })}>{t('log.showParked')}</Button>}>
          {tn('log.parked', endpoint.health.parked.deliveries)}
        </Note>
      )}
      {selection.ids.size > 0 && <SelectionBar endpoint={endpoint} selection={selection} />}
      <div class={`log-split${openId ? ' with-panel' : ''}`}>
        {log.query.isPending && <Skeleton lines={8} height={24} />}
        {log.query.isError && !log.query.data && <ErrorNote error={log.query.error} onRetry={() => void log.query.refetch()} />}
        {isEmpty && (
          <EmptyLog endpoint={endpoint} filters={filters} onClear={() => setFilters({ status: null, event: null, since: null, until: null })} onSent={log.restart} />
        )}
        {log.query.data && !isEmpty && (
          <LogList
            log={log}
            selection={selection}
            openId={openId}
            hrefOf={hrefOf}
            onOpen={open}
            active={active}
            focusRow={focusRow}
            atTop={atTop}
            lastPointer={lastPointer}
          />
        )}
        {openId && (
          <DeliveryPanel
            key={openId}
            endpoint={endpoint}
            deliveryId={openId}
            onClose={close}
            onNext={next && (() => move(next))}
            onPrevious={previous && (() => move(previous))}
          />
        )}
      </div>
    </section>
  );
}
