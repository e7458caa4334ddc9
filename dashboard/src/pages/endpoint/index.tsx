// One endpoint: how it is doing, what it got, and everything that can be done about it.

import { useQuery } from '@tanstack/preact-query';
import { Link, useLocation } from 'wouter-preact';

import './endpoint.css';

import { ApiError, type EndpointDetail } from '../../api/client';
import { endpointQuery } from '../../api/queries';
import { t } from '../../texts';
import { Tabs } from '../../ui/menu';
import { Card, Empty, ErrorNote, PageHead, Skeleton } from '../../ui/parts';
import { DoctorTab } from './doctor';
import { Head } from './head';
import { Health } from './health';
import { LogTab } from './log';
import { useLiveEndpoint } from './queries';
import { SettingsTab } from './settings';
import { Summary } from './summary';

/** So often it is read anew (ms): who changes its settings isn't told of by the stream. */
const EVERY = 5000;

const TABS = ['overview', 'log', 'settings', 'doctor'] as const;
type TabName = (typeof TABS)[number];

function Page({ endpoint }: { endpoint: EndpointDetail }) {
  const [path, go] = useLocation();
  const part = path.split('/')[3] ?? 'overview';
  const shown: TabName = TABS.find((tab) => tab === part) ?? 'overview';
  const contents = {
    overview: () => <Summary endpoint={endpoint} />,
    log: () => <LogTab endpoint={endpoint} />,
    settings: () => <SettingsTab endpoint={endpoint} />,
    doctor: () => <DoctorTab endpoint={endpoint} />,
  };
  const show = (tab: TabName) => {
    if (tab !== shown) go(`/endpoints/${endpoint.id}${tab === 'overview' ? '' : `/${tab}`}`);
  };
  return (
    <>
      <Head endpoint={endpoint} />
      <Health endpoint={endpoint} />
      <Tabs label={t('endpoint.parts')} shown={shown} onShow={show} tabs={TABS.map((id) => ({ id, label: t(`endpoint.tab.${id}`), content: contents[id] }))} />
    </>
  );
}

export function EndpointPage({ id }: { id: string }) {
  const endpoint = useQuery({ ...endpointQuery(id), refetchInterval: EVERY });
  useLiveEndpoint(id);
  // Also if somebody else removes it while it is looked at.
  if (endpoint.error instanceof ApiError && [400, 404, 422].includes(endpoint.error.status)) {
    const action = (
      <Link class="button" href="/endpoints">
        {t('endpoint.toAll')}
      </Link>
    );
    return (
      <>
        <PageHead title={t('endpoint.gone')} />
        <Empty title={t('endpoint.goneText')} action={action} />
      </>
    );
  }
  if (endpoint.data) return <Page endpoint={endpoint.data} />;
  return (
    <>
      <PageHead title={t('endpoint.loading')} />
      <Card>{endpoint.error ? <ErrorNote error={endpoint.error} onRetry={() => void endpoint.refetch()} /> : <Skeleton lines={8} />}</Card>
    </>
  );
}
