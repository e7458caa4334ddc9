// Is all well? One sentence with the answer, and beneath it why.

import './overview.css';

import { useQuery } from '@tanstack/preact-query';
import { Link } from 'wouter-preact';

import type { ListedEndpoint, Summary } from '../../api/client';
import { summaryQuery } from '../../api/queries';
import { t, tn } from '../../texts';
import { CheckIcon, PlusIcon, WarningIcon } from '../../ui/icons';
import { ErrorNote, Note, PageHead, Skeleton } from '../../ui/parts';
import { shownState } from '../../ui/state';
import { NeedsAttention } from './attention';
import { LatestFailures } from './failures';
import { History } from './history';
import { Live } from './live';
import { allEndpointsQuery } from './queries';
import { Budget, ByState } from './standing';
import { Welcome } from './welcome';

interface Answer {
  isWell: boolean;
  title: string;
  text: string;
}

function answer({ attention, endpoints }: Summary, total: number): Answer {
  const needing = attention.filter((one) => one.endpointId !== null).length;
  const ofAccount = attention.find((one) => one.endpointId === null);
  if (ofAccount) return { isWell: false, title: t(`overview.answer.${ofAccount.reason === 'near_budget' ? 'near' : 'held'}`), text: t('overview.answer.accountText') };
  if (needing > 0) {
    const rest = total - needing;
    return { isWell: false, title: tn('overview.answer.need', needing), text: rest > 0 ? tn('overview.answer.rest', rest) : t('overview.answer.allNeed') };
  }
  const resting = total - endpoints.active;
  return {
    isWell: true,
    title: resting === 0 ? tn('overview.answer.fine', total) : t('overview.answer.well'),
    text: resting === 0 ? t('overview.answer.fineText') : tn('overview.answer.resting', resting, { active: endpoints.active }),
  };
}

function Waiting() {
  return (
    <>
      <PageHead title={t('nav.overview')} />
      <Skeleton lines={2} height={120} />
      <Skeleton lines={1} height={260} />
    </>
  );
}

export function OverviewPage() {
  const summary = useQuery(summaryQuery());
  const list = useQuery(allEndpointsQuery());
  if (summary.isPending) return <Waiting />;
  if (!summary.data) {
    return (
      <>
        <PageHead title={t('nav.overview')} />
        <ErrorNote error={summary.error} onRetry={() => summary.refetch()} />
      </>
    );
  }
  return <Shown summary={summary.data} endpoints={list.data ?? []} />;
}

function Shown({ summary, endpoints }: { summary: Summary; endpoints: ListedEndpoint[] }) {
  const { active, paused, disabled, off } = summary.endpoints;
  const total = active + paused + disabled + off;
  if (total === 0) return <Welcome />;
  const { isWell, title, text } = answer(summary, total);
  return (
    <>
      <PageHead
        tab={t('nav.overview')}
        title={
          <span class={`overview-answer ${isWell ? 'good' : 'bad'}`}>
            {isWell ? <CheckIcon size={20} /> : <WarningIcon size={20} />} {title}
          </span>
        }
        lead={text}
        actions={
          <Link class="button primary" href="/endpoints/new">
            <PlusIcon /> {t('layout.create')}
          </Link>
        }
      />
      {summary.warnings.map((warning) => (
        <Note key={warning.code} tone="warn" icon={<WarningIcon />}>
          {warning.message}
        </Note>
      ))}
      <NeedsAttention attention={summary.attention} endpoints={endpoints} />
      <div class="overview-tiles">
        <ByState summary={summary} held={endpoints.filter((one) => shownState(one) === 'held').length} />
        <Live />
        <Budget summary={summary} />
      </div>
      <History summary={summary} />
      <LatestFailures endpoints={endpoints} />
    </>
  );
}
