// The attempts of a delivery, the latest first: what each ended as, where its time went, and what the receiver answered, as text.

import { Link } from 'wouter-preact';

import './attempts.css';

import type { Attempt, DeliveryDetail } from '../../../api/client';
import { At, clock, duration } from '../../../format/time';
import { t, tn } from '../../../texts';
import { Code } from '../../../ui/code';
import { Badge, type Tone } from '../../../ui/parts';
import { Answer } from '../log/status';
import { adviceFor } from './failure';
import { Timing } from './timing';
import { visible } from './visible';

const TONES: Record<Attempt['outcome'], Tone> = { succeeded: 'good', retrying: 'warn', held: 'info', exhausted: 'bad', canceled: 'mute' };

function ResponseHeaders({ of }: { of: NonNullable<Attempt['responseHeaders']> }) {
  return (
    <details class="delivery-headers">
      <summary>{tn('delivery.headers', of.length)}</summary>
      <dl>
        {of.map(({ name, value }, index) => (
          <div key={index}>
            <dt>{visible(name)}</dt>
            <dd>{visible(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

interface AttemptProps {
  of: Attempt;
  endpointId: string;
}

function Details({ of, endpointId }: AttemptProps) {
  const advice = adviceFor(of);
  const isRefused = of.httpStatus === 401 || of.httpStatus === 403;
  return (
    <>
      {of.detail && of.error !== 'http_status' && <p class="break">{visible(of.detail)}</p>}
      {advice && (
        <p class="soft">
          {t(advice)} {isRefused && <Link href={`/endpoints/${endpointId}/doctor`}>{t('delivery.toDoctor')}</Link>}
        </p>
      )}
      {of.heldUntil && <p>{t('delivery.askedToWait', { at: clock(of.heldUntil) })}</p>}
      {of.probe && <p class="soft">{t('delivery.probe')}</p>}
      {of.sentAgain > 0 && <p class="soft">{tn('delivery.sentAgain', of.sentAgain)}</p>}
      {of.erased && <p class="soft">{t('delivery.answerErased')}</p>}
      <Timing of={of} />
      {of.responseSnippet && (
        <div class="delivery-snippet">
          <Code text={visible(of.responseSnippet)} label={t('delivery.answerBody')} />
        </div>
      )}
      {of.responseHeaders && of.responseHeaders.length > 0 && <ResponseHeaders of={of.responseHeaders} />}
    </>
  );
}

function One({ of, endpointId, isOpen }: AttemptProps & { isOpen: boolean }) {
  return (
    <li class={`delivery-attempt ${TONES[of.outcome]}`}>
      <details open={isOpen}>
        <summary>
          <b>{of.durationMs === null ? t('delivery.noAttempt') : t('delivery.attempt', { number: of.attempt })}</b>
          <Badge tone={TONES[of.outcome]}>{t(`delivery.outcome.${of.outcome}`)}</Badge>
          <Answer of={of} />
          <span class="grow" />
          {of.durationMs !== null && <span class="soft number">{duration(of.durationMs)}</span>}
          <span class="soft number">
            <At at={of.at} />
          </span>
        </summary>
        <div class="delivery-attempt-body">
          <Details of={of} endpointId={endpointId} />
        </div>
      </details>
    </li>
  );
}

export function Attempts({ of: { attemptLog, attempts, endpointId } }: { of: DeliveryDetail }) {
  if (attemptLog.length === 0) return <p class="soft">{t(attempts > 0 ? 'delivery.attemptsGone' : 'delivery.attemptsNone')}</p>;
  const made = new Set(attemptLog.map((one) => one.attempt)).size;
  return (
    <>
      <ol class="delivery-attempts" reversed>
        {attemptLog
          .map((one, index) => <One key={`${one.at}-${index}`} of={one} endpointId={endpointId} isOpen={index === attemptLog.length - 1} />)
          .reverse()}
      </ol>
      {made < attempts && <p class="soft">{tn('delivery.attemptsOlder', attempts - made)}</p>}
    </>
  );
}
