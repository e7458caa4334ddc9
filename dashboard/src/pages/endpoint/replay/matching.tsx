// The form for a replay of all that match: what, since when, and of which types. It says how many there are before anything is sent.

import { useMutation, useQuery } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';

import { api, ApiError, dataOf, faultOf, type EndpointDetail } from '../../../api/client';
import { eventTypesQuery } from '../../../api/queries';
import { number } from '../../../format/numbers';
import { exact } from '../../../format/time';
import { t, tn } from '../../../texts';
import { Button } from '../../../ui/button';
import { Dialog } from '../../../ui/dialog';
import { Check, Choice, TextField } from '../../../ui/field';
import { ErrorNote, Note, Skeleton } from '../../../ui/parts';
import { fromField, hoursAgo, toField } from '../log/moments';
import { replayCountQuery, type Matching, type Replay } from './queries';

const KINDS = ['undelivered', 'exhausted', 'succeeded'] as const;

type Kind = (typeof KINDS)[number];

const SPANS = [1, 24, 168] as const;

function bodyOf(kind: Kind, since: string, until: string | null, events: string[]): Matching {
  return {
    since,
    ...(until && { until }),
    ...(kind === 'undelivered' ? { undelivered: true } : { status: kind }),
    ...(events.length > 0 && { events: events as NonNullable<Matching['events']> }),
  };
}

function Types({ chosen, onChosen }: { chosen: string[]; onChosen: (events: string[]) => void }) {
  const types = useQuery(eventTypesQuery());
  return (
    <details>
      <summary>{chosen.length > 0 ? tn('replay.onlyTypes', chosen.length) : t('replay.allTypes')}</summary>
      <div class="replay-types">
        {types.data?.eventTypes.map(({ name }) => (
          <Check
            key={name}
            label={name}
            checked={chosen.includes(name)}
            onChecked={(is) => onChosen(is ? [...chosen, name] : chosen.filter((one) => one !== name))}
          />
        ))}
      </div>
    </details>
  );
}

function Counted({ endpoint, matching }: { endpoint: EndpointDetail; matching: Matching }) {
  const count = useQuery(replayCountQuery(endpoint.id, matching, true));
  if (count.isPending) return <Skeleton lines={1} height={24} />;
  if (count.isError) return faultOf(count.error, 'since') || faultOf(count.error, 'until') ? null : <ErrorNote error={count.error} onRetry={() => void count.refetch()} />;
  const { matching: found, isLowerBound, completeSince } = count.data;
  return (
    <div class={count.isPlaceholderData ? 'replay-count replay-old' : 'replay-count'} role="status">
      <p>
        <b class="number">{isLowerBound ? t('replay.atLeast', { count: number(found) }) : number(found)}</b> {tn(isLowerBound ? 'replay.matchMore' : 'replay.match', found)}
      </p>
      {found === 0 && <p class="soft">{t('replay.noneHint')}</p>}
      {completeSince && completeSince > matching.since && <p class="soft">{t('replay.completeSince', { at: exact(completeSince) })}</p>}
    </div>
  );
}

interface MatchingProps {
  endpoint: EndpointDetail;
  open: boolean;
  onClose: () => void;
  onStarted: (replay: Replay, expected: number | null) => void;
}

export function MatchingDialog({ endpoint, open, onClose, onStarted }: MatchingProps) {
  const [kind, setKind] = useState<Kind>('undelivered');
  const [since, setSince] = useState<string | null>(() => hoursAgo(24));
  const [until, setUntil] = useState<string | null>(null);
  const [events, setEvents] = useState<string[]>([]);
  const matching = bodyOf(kind, since ?? hoursAgo(24), until, events);
  const count = useQuery(replayCountQuery(endpoint.id, matching, open && since !== null));
  const start = useMutation({
    mutationFn: () => dataOf(api.POST('/api/webhooks-config/{id}/replay', { params: { path: { id: endpoint.id } }, body: matching })),
    onSuccess: (replay) => {
      const { data } = count;
      onStarted(replay as Replay, data && !data.isLowerBound ? data.matching : null);
      onClose();
    },
  });
  const error = start.error ?? count.error;
  const isBusy = error instanceof ApiError && error.code === 'replay_in_progress';
  const found = count.data?.matching ?? 0;
  return (
    <Dialog
      title={t('replay.title')}
      open={open}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="primary" disabled={since === null || count.isPlaceholderData || found === 0} busy={start.isPending} onClick={() => start.mutate()}>
            {count.isSuccess && found > 0 ? tn(count.data.isLowerBound ? 'replay.startMore' : 'replay.start', found) : t('replay.startNone')}
          </Button>
        </>
      }
    >
      <Choice label={t('replay.what')} value={kind} of={KINDS.map((one) => [one, t(`replay.kind.${one}`)])} onValue={setKind} />
      <p class="soft">{t(`replay.kindHint.${kind}`)}</p>
      <div class="replay-span">
        <TextField
          label={t('replay.since')}
          type="datetime-local"
          required
          value={toField(since)}
          onValue={(value) => setSince(fromField(value))}
          error={since === null ? t('replay.sinceMissing') : faultOf(error, 'since')}
        />
        <TextField
          label={t('replay.until')}
          type="datetime-local"
          value={toField(until)}
          onValue={(value) => setUntil(fromField(value))}
          hint={t('replay.untilHint')}
          error={faultOf(error, 'until')}
        />
      </div>
      <div class="row">
        {SPANS.map((hours) => (
          <Button key={hours} small onClick={() => setSince(hoursAgo(hours))}>
            {t(`replay.span.${hours}`)}
          </Button>
        ))}
      </div>
      <Types chosen={events} onChosen={setEvents} />
      {since !== null && <Counted endpoint={endpoint} matching={matching} />}
      {!endpoint.active && <Note tone="warn">{t('replay.willParkAll')}</Note>}
      {start.isError && (isBusy ? <Note tone="warn">{t('replay.inProgress')}</Note> : <ErrorNote error={start.error} />)}
    </Dialog>
  );
}
