// What is going on at the endpoint and what will happen, in sentences, each with the button that mends it.

import type { EndpointDetail, Schemas } from '../../api/client';
import { At, relative, useNow } from '../../format/time';
import { number } from '../../format/numbers';
import { t, Text, tn } from '../../texts';
import { Advice } from '../../ui/advice';
import { Button } from '../../ui/button';
import { shownState } from '../../ui/state';
import { useEndHold, useRetry } from './queries';
import { PartLink, Sentence, TopFailure } from './sentence';
import { Stopped } from './stopped';

/** Below this share of successes the most frequent failure is told, even while no failure is the latest. */
const GOOD = 0.9;

/** Failures in a row: how many, when they would switch it off, and what is behind them. */
function Failing({ endpoint }: { endpoint: EndpointDetail }) {
  const retry = useRetry(endpoint);
  const { consecutiveFailures: failures, health } = endpoint;
  const isStreak = failures > 0 && !health.ownOutage;
  const isUnsteady = health.topFailure !== null && health.successRate !== null && health.successRate < GOOD;
  if (endpoint.state !== 'active' || !(isStreak || isUnsteady)) return null;
  const at = health.disabledAtThisPace;
  // While it is on hold, that has to end first.
  const retrying = shownState(endpoint) === 'active' ? health.queue.retrying : 0;
  const actions = (
    <>
      <PartLink id={endpoint.id} part="log" query={health.queue.retrying > 0 ? 'status=retrying' : undefined}>
        {t('endpoint.seeFailures')}
      </PartLink>
      {retrying > 0 && (
        <Button small title={t('endpoint.retryHint')} busy={retry.isPending} onClick={() => retry.mutate()}>
          {tn('endpoint.retryAll', retrying)}
        </Button>
      )}
    </>
  );
  return (
    <Sentence tone={isStreak && health.failuresUntilDisabled <= 3 ? 'bad' : 'warn'} actions={actions}>
      {isStreak && (
        <p>
          <strong>{t(failures < health.disableAfter ? 'endpoint.streak' : 'endpoint.streakFull', { failures, most: health.disableAfter })}</strong>{' '}
          {at ? <Text k="endpoint.streakEnds" with={{ at: <At at={at} withSeconds={false} /> }} /> : t('endpoint.streakGoesOn')}
        </p>
      )}
      <TopFailure endpoint={endpoint} />
    </Sentence>
  );
}

function Hold({ endpoint }: { endpoint: EndpointDetail }) {
  const end = useEndHold(endpoint);
  const now = useNow();
  if (shownState(endpoint) !== 'held' || !endpoint.heldUntil) return null;
  const action = (
    <Button small busy={end.isPending} onClick={() => end.mutate()}>
      {t('endpoint.sendNow')}
    </Button>
  );
  return (
    <Sentence tone="info" actions={action}>
      <p>
        <Text k="endpoint.held" with={{ at: <At at={endpoint.heldUntil} />, in: relative(endpoint.heldUntil, now) }} />
      </p>
    </Sentence>
  );
}

/** The operator's decision, which only the operator takes back. */
function OperatorHold({ of }: { of: Schemas['OperatorHold'] }) {
  const scope = t(`endpoint.operatorScope.${of.scope}`);
  return (
    <Sentence tone="warn">
      <p>
        {of.action === 'pause' ? t('endpoint.operatorPause', { scope }) : t('endpoint.operatorThrottle', { scope, limit: of.rateLimit ?? '' })}{' '}
        <Text k="endpoint.sinceWhen" with={{ at: <At at={of.since} withSeconds={false} /> }} />
        {of.reason && (
          <>
            {' '}
            <q>
              <bdi>{of.reason}</bdi>
            </q>
          </>
        )}
      </p>
    </Sentence>
  );
}

/** How fast it is served, where that is slower than it could be. */
function Speed({ endpoint }: { endpoint: EndpointDetail }) {
  const { carries, inFlightLimit, queue } = endpoint.health;
  if (endpoint.state !== 'active') return null;
  const isSlow = carries === null && shownState(endpoint) === 'active' && queue.waiting > inFlightLimit;
  return (
    <>
      {endpoint.rateLimit !== null && queue.waiting > 0 && (
        <Sentence
          tone="info"
          actions={
            <PartLink id={endpoint.id} part="settings">
              {t('endpoint.changeLimit')}
            </PartLink>
          }
        >
          <p>{tn('endpoint.limited', queue.waiting, { limit: number(endpoint.rateLimit) })}</p>
        </Sentence>
      )}
      {carries !== null && (
        <Sentence tone="info">
          <p>{tn('endpoint.carries', carries)}</p>
        </Sentence>
      )}
      {isSlow && (
        <Sentence tone="info">
          <p>{t('endpoint.slowStart', { waiting: number(queue.waiting), limit: number(inFlightLimit) })}</p>
        </Sentence>
      )}
    </>
  );
}

/** While two secrets sign. */
function Rotating({ endpoint, until }: { endpoint: EndpointDetail; until: string }) {
  const now = useNow(30_000);
  return (
    <Sentence
      tone="info"
      actions={
        <PartLink id={endpoint.id} part="settings">
          {t('endpoint.toSecret')}
        </PartLink>
      }
    >
      <p>
        <Text k="endpoint.rotating" with={{ at: <At at={until} withSeconds={false} />, in: relative(until, now) }} />
      </p>
    </Sentence>
  );
}

/** What the sentences here say of it, in the viewer's language and time. Whatever else the API has to say is shown in its words. */
const SAID = new Set<string>(['own_outage', 'operator_hold', 'paused', 'held', 'disabled_by_clock', 'resuming', 'rate_limited', 'carries']);

export function Health({ endpoint }: { endpoint: EndpointDetail }) {
  const { health, operatorHold, secretRotation } = endpoint;
  return (
    <div class="endpoint-health" role="region" aria-label={t('endpoint.health')}>
      {health.ownOutage && (
        <Sentence tone="info">
          <p>{t('endpoint.ownOutage')}</p>
        </Sentence>
      )}
      {operatorHold && <OperatorHold of={operatorHold} />}
      <Stopped endpoint={endpoint} />
      <Hold endpoint={endpoint} />
      <Failing endpoint={endpoint} />
      {health.notices
        .filter((notice) => !SAID.has(notice.about))
        .map((notice) => (
          <Sentence key={notice.about} tone="info">
            <p>
              <Advice text={notice.text} />
            </p>
          </Sentence>
        ))}
      <Speed endpoint={endpoint} />
      {secretRotation && <Rotating endpoint={endpoint} until={secretRotation.previousSecretValidUntil} />}
    </div>
  );
}
