// What somebody should know whatever they are looking at: an endpoint has been disabled, or something else has begun to need attention
// since the page was opened. Each is said once, as long as it is so.

import { useQuery } from '@tanstack/preact-query';
import { useEffect, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';

import type { Schemas } from '../api/client';
import { endpointQuery, endpointsChanged, summaryQuery } from '../api/queries';
import { listen } from '../api/stream';
import { t, Text, tn } from '../texts';
import { Button } from '../ui/button';
import { CloseIcon, WarningIcon } from '../ui/icons';
import { nameOf } from '../ui/name';
import { happened } from './happenings';
import { isMarked } from './title';

type Attention = Schemas['Attention'];

/** So many stand one below the other; of more is said how many they are. */
const SHOWN = 3;
/** Changes that come together are read at once (ms). */
const TOGETHER = 300;

const keyOf = (one: Attention) => `${one.endpointId ?? 'account'} ${one.reason}`;

/** To be disabled again is news each time; what comes and goes is said once. */
const isAnEnd = (key: string) => key.endsWith(' consecutive_failures') || key.endsWith(' gone');

/** Whatever shows endpoints is read anew when one of them changes by itself. */
function useFollow(): void {
  useEffect(() => {
    let timer = 0;
    const stop = listen((message) => {
      if (message.type === 'attempt') return;
      if (message.type === 'state') happened(message.data);
      clearTimeout(timer);
      timer = window.setTimeout(endpointsChanged, TOGETHER);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, []);
}

/** What needs attention now and didn't when the page was opened, without what was dismissed. */
function useNews(): [Attention[], (dismissed: Attention[]) => void] {
  const summary = useQuery(summaryQuery());
  const [known, setKnown] = useState<Set<string> | null>(null);
  const now = summary.data?.attention;
  useEffect(() => {
    if (!now) return;
    const keys = new Set(now.map(keyOf));
    setKnown((before) => (before ? new Set([...before].filter((key) => keys.has(key) || !isAnEnd(key))) : keys));
  }, [now]);
  const news = now && known ? now.filter((one) => !known.has(keyOf(one))) : [];
  return [news, (dismissed) => setKnown((before) => new Set([...(before ?? []), ...dismissed.map(keyOf)]))];
}

function NoticeText({ of }: { of: Attention }) {
  const endpoint = useQuery({ ...endpointQuery(of.endpointId ?? ''), enabled: of.endpointId !== null, refetchInterval: false });
  if (of.endpointId === null) {
    return <Link href="/">{t(of.reason === 'near_budget' ? 'layout.notice.near_budget' : 'layout.notice.account_hold')}</Link>;
  }
  const name = <bdi>{endpoint.data ? nameOf(endpoint.data) : of.endpointId}</bdi>;
  return (
    <Link href={`/endpoints/${of.endpointId}`}>
      <Text k={`layout.notice.${of.reason}`} with={{ name }} />
    </Link>
  );
}

function Bar({ children, onDismiss }: { children: preact.ComponentChildren; onDismiss: () => void }) {
  return (
    <div class="bar notice">
      <WarningIcon />
      <span class="grow">{children}</span>
      <Button kind="quiet" small icon={<CloseIcon />} aria-label={t('layout.dismiss')} onClick={onDismiss} />
    </div>
  );
}

export function Notices() {
  useFollow();
  const [news, dismiss] = useNews();
  useEffect(() => {
    isMarked.value = news.length > 0;
  }, [news.length]);
  return (
    <div role="status">
      {news.length > SHOWN ? (
        <Bar onDismiss={() => dismiss(news)}>
          <Link href="/">{tn('layout.notice.many', news.length)}</Link>
        </Bar>
      ) : (
        news.map((one) => (
          <Bar key={keyOf(one)} onDismiss={() => dismiss([one])}>
            <NoticeText of={one} />
          </Bar>
        ))
      )}
    </div>
  );
}
