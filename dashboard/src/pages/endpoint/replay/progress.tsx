// How far a replay of all that match is, until it is put away.

import { useMutation, useQuery, useQueryClient } from '@tanstack/preact-query';

import './replay.css';

import { api, ApiError, dataOf, type EndpointDetail } from '../../../api/client';
import { number } from '../../../format/numbers';
import { At, exact } from '../../../format/time';
import { t, Text, tn, type TextKey } from '../../../texts';
import { Button } from '../../../ui/button';
import { CloseIcon } from '../../../ui/icons';
import { ErrorNote, Note, Skeleton } from '../../../ui/parts';
import { say, sayError } from '../../../ui/toast';
import { endedOf, isOver, replayKey, replayQuery, type Replay } from './queries';
import { useShownReplay } from './shown';

const PARTS = ['succeeded', 'exhausted', 'canceled'] as const;

function Bar({ of, expected }: { of: Replay; expected: number | null }) {
  const underWay = Math.max(0, of.made - endedOf(of));
  const all = Math.max(of.made, of.state === 'running' ? (expected ?? 0) - of.skipped : 0, 1);
  const parts: [string, number][] = [...PARTS.map((part): [string, number] => [part, of[part]]), ['underWay', underWay]];
  return (
    <div class="replay-bar" role="progressbar" aria-label={t('replay.progress')} aria-valuemin={0} aria-valuemax={all} aria-valuenow={endedOf(of)}>
      {parts.map(([part, count]) => count > 0 && <i key={part} class={`replay-part ${part}`} style={{ width: `${(100 * count) / all}%` }} />)}
    </div>
  );
}

function headline(of: Replay): TextKey {
  if (of.state === 'canceled') return 'replay.state.canceled';
  if (of.parked && !isOver(of)) return 'replay.state.parked';
  if (of.state === 'running') return 'replay.state.running';
  return isOver(of) ? 'replay.state.over' : 'replay.state.underWay';
}

function Numbers({ of, expected }: { of: Replay; expected: number | null }) {
  const underWay = of.made - endedOf(of);
  return (
    <p class="soft number">
      {expected !== null && of.state === 'running' ? t('replay.madeOf', { made: number(of.made), expected: number(expected) }) : tn('replay.made', of.made)}
      {' · '}
      {t('replay.delivered', { count: number(of.succeeded) })}
      {of.exhausted > 0 && ` · ${t('replay.givenUp', { count: number(of.exhausted) })}`}
      {of.canceled > 0 && ` · ${t('replay.canceled', { count: number(of.canceled) })}`}
      {underWay > 0 && ` · ${t(of.parked ? 'replay.parked' : 'replay.underWay', { count: number(underWay) })}`}
      {of.skipped > 0 && ` · ${t('replay.skipped', { count: number(of.skipped) })}`}
    </p>
  );
}

export function ReplayProgress({ endpoint }: { endpoint: EndpointDetail }) {
  const { id, expected, hide } = useShownReplay(endpoint.id);
  const client = useQueryClient();
  const query = useQuery({ ...replayQuery(endpoint.id, id ?? ''), enabled: id !== null });
  const cancel = useMutation({
    mutationFn: () =>
      dataOf(api.DELETE('/api/webhooks-config/{id}/replays/{replayId}', { params: { path: { id: endpoint.id, replayId: id ?? '' } } })),
    onSuccess: (replay) => {
      client.setQueryData(replayKey(endpoint.id, replay.id), replay);
      say(t(replay.state === 'canceled' ? 'replay.canceledNow' : 'replay.overBefore'));
    },
    onError: sayError,
  });
  if (!id) return null;
  const away = <Button kind="quiet" small icon={<CloseIcon />} aria-label={t('replay.hide')} onClick={hide} />;
  if (query.isError && query.error instanceof ApiError && query.error.status === 404) {
    return (
      <Note tone="mute" actions={away}>
        {t('replay.gone')}
      </Note>
    );
  }
  if (query.isError && !query.data) return <ErrorNote error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton lines={2} />;
  const replay = query.data;
  return (
    <section class="replay-card" aria-label={t('replay.progress')}>
      <div class="replay-card-head">
        <b role="status">{t(headline(replay))}</b>
        <span class="soft">
          {t(`replay.kind.${replay.undelivered ? 'undelivered' : replay.status}`)}
          {' · '}
          <Text k="replay.from" with={{ since: <At at={replay.since} withSeconds={false} />, until: <At at={replay.until} withSeconds={false} /> }} />
        </span>
        <span class="grow" />
        {replay.state === 'running' && (
          <Button small busy={cancel.isPending} onClick={() => cancel.mutate()}>
            {t('replay.cancel')}
          </Button>
        )}
        {away}
      </div>
      <Bar of={replay} expected={expected} />
      <Numbers of={replay} expected={expected} />
      {replay.completeSince && <p class="soft">{t('replay.completeSince', { at: exact(replay.completeSince) })}</p>}
    </section>
  );
}
