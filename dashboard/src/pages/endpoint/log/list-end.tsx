// Where the log ends: more is being read, or everything is there, or what came before is no longer kept.

import { exact } from '../../../format/time';
import { t, tn } from '../../../texts';
import { Button } from '../../../ui/button';
import { ErrorNote, Skeleton } from '../../../ui/parts';
import type { Log } from './use-log';

export function ListEnd({ log }: { log: Log }) {
  const { query, rows } = log;
  const pages = query.data?.pages ?? [];
  if (query.isFetchNextPageError) return <ErrorNote error={query.error} onRetry={() => void query.fetchNextPage()} />;
  if (query.hasNextPage) {
    return (
      <div class="log-end">
        <Skeleton lines={2} />
      </div>
    );
  }
  const completeSince = pages.at(-1)?.completeSince;
  return (
    <div class="log-end soft">
      {pages.some((page) => page.gap) && (
        <p>
          {t('log.gap')}{' '}
          <Button small onClick={log.restart}>
            {t('log.restart')}
          </Button>
        </p>
      )}
      <p>{completeSince ? t('log.completeSince', { at: exact(completeSince) }) : tn('log.end', rows.length)}</p>
    </div>
  );
}
