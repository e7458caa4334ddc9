// What can be done with the deliveries that are selected.

import './replay.css';

import type { EndpointDetail } from '../../../api/client';
import { t, tn } from '../../../texts';
import { Button } from '../../../ui/button';
import { ReplayIcon } from '../../../ui/icons';
import { words } from '../../../ui/parts';
import { say } from '../../../ui/toast';
import { MOST_SELECTED, type Selection } from '../log/selection';
import { useSelectedRun } from './selected-run';

export function SelectionBar({ endpoint, selection }: { endpoint: EndpointDetail; selection: Selection }) {
  const { run, start, stop } = useSelectedRun(endpoint.id);
  const ids = [...selection.ids];
  const replay = async () => {
    const { total, made, expired, error } = await start(ids);
    if (error || made + expired < total) return;
    say(expired > 0 ? t('replay.selectedSome', { made, expired }) : tn('replay.selectedMade', made), { tone: expired > 0 ? 'warn' : 'good' });
    selection.clear();
  };
  const ended = run ? run.made + run.expired : 0;
  return (
    <div class="log-selected" role="group" aria-label={t('replay.selection')}>
      <b class="number">{tn('replay.selected', ids.length)}</b>
      {ids.length >= MOST_SELECTED && <span class="soft">{t('replay.mostSelected')}</span>}
      {!endpoint.active && <span class="soft">{t('replay.willPark')}</span>}
      {run && (
        <>
          <progress class="replay-progress" max={run.total} value={ended} aria-label={t('replay.progress')} />
          <span class="number" role="status">
            {t('replay.selectedProgress', { done: ended, total: run.total })}
          </span>
        </>
      )}
      {run?.error !== null && run?.error !== undefined && (
        <span class="replay-error" role="alert">
          {words(run.error)}
        </span>
      )}
      <span class="grow" />
      {run?.isRunning ? (
        <Button small onClick={stop}>
          {t('replay.stop')}
        </Button>
      ) : (
        <>
          <Button small kind="primary" icon={<ReplayIcon size={15} />} onClick={() => void replay()}>
            {run && ended < ids.length && ended > 0 ? t('replay.goOn') : tn('replay.replaySelected', ids.length)}
          </Button>
          <Button small kind="quiet" onClick={selection.clear}>
            {t('replay.clear')}
          </Button>
        </>
      )}
    </div>
  );
}
