import { useQuery } from '@tanstack/preact-query';
import { Link } from 'wouter-preact';

import { api, dataOf } from '../../api/client';
import { t } from '../../texts';
import { Sparkline } from '../../charts/sparkline';
import { Card, ErrorNote, PageHead, Skeleton } from '../../ui/parts';
import { StateBadge } from '../../ui/state';

export function EndpointsPage() {
  const list = useQuery({
    queryKey: ['endpoints', {}],
    queryFn: ({ signal }) => dataOf(api.GET('/api/webhooks-config', { params: { query: {} }, signal })),
  });
  return (
    <>
      <PageHead
        title={t('nav.endpoints')}
        actions={
          <Link class="button primary" href="/endpoints/new">
            +
          </Link>
        }
      />
      <Card>
        {list.isPending && <Skeleton />}
        {list.isError && <ErrorNote error={list.error} onRetry={() => list.refetch()} />}
        {list.data?.endpoints.map((endpoint) => (
          <p key={endpoint.id}>
            <Link href={`/endpoints/${endpoint.id}`}>{endpoint.url}</Link> <StateBadge of={endpoint} /> <Sparkline label="" hours={endpoint.hours} />
          </p>
        ))}
      </Card>
    </>
  );
}
