// What the receiver made of a test event.

import type { Schemas } from '../../../api/client';
import { duration } from '../../../format/time';
import { hasText, t, type TextKey } from '../../../texts';
import { Note } from '../../../ui/parts';
import { adviceFor } from '../../endpoint/delivery/failure';
import { visible } from '../../endpoint/delivery/visible';

/** A test has one attempt, and changes nothing of the endpoint: where advice says otherwise there is another one for tests. */
function adviceOf(attempt: Schemas['Attempt']): TextKey | null {
  const key = adviceFor(attempt);
  const own = key?.replace('delivery.', 'new.') ?? '';
  return hasText(own) ? own : key;
}

export function TestAnswer({ of }: { of: Schemas['TestResult'] }) {
  const { attempt, succeeded } = of;
  const advice = adviceOf(attempt);
  return (
    <div class="stack" role="status">
      <Note tone={succeeded ? 'good' : 'bad'}>
        <p>
          {succeeded
            ? t('new.testGood', { status: attempt.httpStatus ?? '', duration: duration(attempt.durationMs ?? 0) })
            : t('new.testBad', { why: (attempt.detail ?? String(attempt.httpStatus ?? attempt.error ?? '')).replace(/\.$/, '') })}
        </p>
        {advice && <p>{t(advice)}</p>}
      </Note>
      {!of.wouldMatch && (
        <Note tone="warn">
          <p>{t('new.testUnmatched')}</p>
        </Note>
      )}
      {attempt.responseSnippet && (
        <figure class="created-answer">
          <figcaption>{t('new.answer')}</figcaption>
          <pre aria-label={t('new.answer')} tabIndex={0}>
            {visible(attempt.responseSnippet)}
          </pre>
        </figure>
      )}
    </div>
  );
}
