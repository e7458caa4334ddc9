// All endpoints: how each is doing, found by typing, switched together.

import { useInfiniteQuery } from '@tanstack/preact-query';
import { useEffect, useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';

import './endpoints.css';

import { queryClient } from '../../api/queries';
import { listen } from '../../api/stream';
import { useShortcut } from '../../layout/keyboard';
import { t } from '../../texts';
import { Button } from '../../ui/button';
import { PlusIcon } from '../../ui/icons';
import { Card, Empty, ErrorNote, PageHead, Skeleton } from '../../ui/parts';
import { FilterBar, SelectionBar } from './list/bar';
import { endpointsQuery, readMore, useFilters } from './list/queries';
import { Row } from './list/row';

/** So often the list is read anew while deliveries are going on (ms). */
const EVERY = 3000;

/** Reads the list anew when something has happened, but not at each attempt. */
function useLive(): void {
  useEffect(() => {
    let timer = 0;
    const stop = listen(() => {
      timer ||= window.setTimeout(() => {
        timer = 0;
        void queryClient.invalidateQueries({ queryKey: ['endpoints'] });
      }, EVERY);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, []);
}

function NewLink() {
  return (
    <Link class="button primary" href="/endpoints/new">
      <PlusIcon size={16} />
      {t('endpoints.create')}
    </Link>
  );
}

export function EndpointsPage() {
  const [filters, setFilters] = useFilters();
  const [, go] = useLocation();
  const list = useInfiniteQuery(endpointsQuery(filters));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState(-1);
  useLive();
  const endpoints = list.data?.pages.flatMap((page) => page.endpoints) ?? [];
  const isFiltered = Object.values(filters).some(Boolean);
  const select = (id: string, is: boolean) => {
    const next = new Set(selected);
    if (is) next.add(id);
    else next.delete(id);
    setSelected(next);
  };
  const move = (by: number) => {
    const next = Math.min(endpoints.length - 1, Math.max(0, active + by));
    setActive(next);
    document.querySelector<HTMLElement>(`[data-id="${endpoints[next]?.id}"] .endpoints-name`)?.focus();
  };
  const here = endpoints[active];
  useShortcut('j', t('endpoints.next'), () => move(1));
  useShortcut('k', t('endpoints.previous'), () => move(-1));
  useShortcut('x', t('endpoints.selectHere'), () => here && select(here.id, !selected.has(here.id)));
  useShortcut('o', t('endpoints.open'), () => here && go(`/endpoints/${here.id}`));
  const chosen = endpoints.filter((endpoint) => selected.has(endpoint.id));
  const isNone = list.isSuccess && endpoints.length === 0;
  return (
    <>
      <PageHead title={t('nav.endpoints')} lead={t('endpoints.lead')} actions={<NewLink />} />
      <Card class="endpoints">
        {!(isNone && !isFiltered) && <FilterBar filters={filters} onFilters={setFilters} />}
        {chosen.length > 0 && <SelectionBar selected={chosen} onClear={() => setSelected(new Set())} />}
        {list.isPending && <Skeleton lines={8} height={34} />}
        {list.isError && endpoints.length === 0 && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
        {isNone && isFiltered && (
          <Empty title={t('endpoints.noMatch')} action={<Button onClick={() => setFilters({ search: '', state: '', event: '', chatbotId: '' })}>{t('endpoints.clear')}</Button>}>
            {t('endpoints.noMatchText')}
          </Empty>
        )}
        {isNone && !isFiltered && (
          <Empty title={t('endpoints.none')} action={<NewLink />}>
            {t('endpoints.noneText')}
          </Empty>
        )}
        {endpoints.length > 0 && (
          <table class="table endpoints-table">
            <thead>
              <tr>
                <td class="endpoints-check">
                  <input
                    type="checkbox"
                    aria-label={t('endpoints.selectAll')}
                    checked={chosen.length === endpoints.length}
                    onChange={(event) => setSelected(new Set(event.currentTarget.checked ? endpoints.map((one) => one.id) : []))}
                  />
                </td>
                <th scope="col">{t('endpoints.endpoint')}</th>
                <th scope="col">{t('endpoints.state')}</th>
                <th scope="col">{t('endpoints.day')}</th>
                <th scope="col">{t('endpoints.success')}</th>
                <th scope="col">{t('endpoints.p95')}</th>
                <th scope="col">{t('endpoints.queue')}</th>
              </tr>
            </thead>
            <tbody>
              {endpoints.map((endpoint, index) => (
                <Row key={endpoint.id} endpoint={endpoint} isSelected={selected.has(endpoint.id)} isActive={index === active} onSelect={(is) => select(endpoint.id, is)} />
              ))}
            </tbody>
          </table>
        )}
        {list.hasNextPage && (
          <div class="endpoints-more">
            <Button busy={list.isFetchingNextPage} onClick={() => void readMore(list)}>
              {t('common.more')}
            </Button>
          </div>
        )}
      </Card>
    </>
  );
}
