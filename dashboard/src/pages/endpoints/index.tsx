// All endpoints: how each is doing, found by typing, switched together.

import { useInfiniteQuery } from '@tanstack/preact-query';
import { useEffect, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';

import './endpoints.css';

import { queryClient } from '../../api/queries';
import { listen } from '../../api/stream';
import { t, tn } from '../../texts';
import { Button } from '../../ui/button';
import { PlusIcon } from '../../ui/icons';
import { Card, Empty, ErrorNote, PageHead, Skeleton } from '../../ui/parts';
import { FilterBar, SelectionBar } from './list/bar';
import type { Rejected } from './list/bulk';
import { endpointsQuery, useFilters } from './list/queries';
import { RejectedNote } from './list/rejected';
import { Table } from './list/table';

/** So often the list is read anew while deliveries are going on (ms). */
const EVERY = 3000;

const NO_FILTERS = { search: '', state: '', event: '', chatbotId: '' };

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
  const list = useInfiniteQuery(endpointsQuery(filters));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [rejected, setRejected] = useState<Rejected[]>([]);
  useLive();
  const endpoints = list.data?.pages.flatMap((page) => page.endpoints) ?? [];
  const isFiltered = Object.values(filters).some(Boolean);
  const chosen = endpoints.filter((endpoint) => selected.has(endpoint.id));
  const isNone = list.isSuccess && endpoints.length === 0;
  const hasNone = isNone && !isFiltered;
  const clear = () => setSelected(new Set());
  // What couldn't be switched stays selected, for another try.
  const onRejected = (those: Rejected[]) => {
    setRejected(those);
    setSelected(new Set(those.map((one) => one.endpoint.id)));
  };
  return (
    <>
      <PageHead title={t('nav.endpoints')} lead={t('endpoints.lead')} actions={!hasNone && <NewLink />} />
      <Card class="endpoints">
        {!hasNone && <FilterBar filters={filters} onFilters={setFilters} />}
        <p class="hidden-visually" role="status">
          {list.isSuccess && !list.isPlaceholderData && tn('endpoints.shown', endpoints.length)}
        </p>
        {rejected.length > 0 && <RejectedNote of={rejected} onClose={() => setRejected([])} />}
        {chosen.length > 0 && (
          <SelectionBar selected={chosen} shown={endpoints.length} onAll={() => setSelected(new Set(endpoints.map((one) => one.id)))} onClear={clear} onRejected={onRejected} />
        )}
        {list.isPending && <Skeleton lines={8} height={34} />}
        {list.isError && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
        {isNone && isFiltered && (
          <Empty title={t('endpoints.noMatch')} action={<Button onClick={() => setFilters(NO_FILTERS)}>{t('endpoints.clear')}</Button>}>
            {t('endpoints.noMatchText')}
          </Empty>
        )}
        {hasNone && (
          <Empty title={t('endpoints.none')} action={<NewLink />}>
            {t('endpoints.noneText')}
          </Empty>
        )}
        {endpoints.length > 0 && <Table endpoints={endpoints} selected={selected} onSelected={setSelected} />}
        {list.hasNextPage && (
          <div class="endpoints-more">
            <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {t('common.more')}
            </Button>
          </div>
        )}
      </Card>
    </>
  );
}
