// What is going on at the endpoint and what will happen, in sentences, each with the button that mends it.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';

import type { EndpointDetail } from '../../api/client';
import { Ago, At, relative, useNow } from '../../format/time';
import { t, Text, tn } from '../../texts';
import { Button } from '../../ui/button';
import { WarningIcon } from '../../ui/icons';
import { Note, type Tone } from '../../ui/parts';
import { shownState } from '../../ui/state';
import { useChange, useEndHold } from './queries';
import { SwitchOnDialog } from './switch-on';

function Sentence({ tone, children, actions }: { tone: Tone; children: ComponentChildren; actions?: ComponentChildren }) {
  const icon = tone === 'bad' || tone === 'warn' ? <WarningIcon /> : undefined;
  return (
    <Note tone={tone} icon={icon} actions={actions}>
      <p>{children}</p>
    </Note>
  );
}

function LogLink({ id, status }: { id: string; status?: string }) {
  return (
    <Link class="button small" href={`/endpoints/${id}/log${status ? `?status=${status}` : ''}`}>
      {t('endpoint.seeFailures')}
    </Link>
  );
}

/** Failures in a row: how many, and when they would switch it off. */
function Streak({ endpoint }: { endpoint: EndpointDetail }) {
  const { consecutiveFailures: failures, health } = endpoint;
  if (endpoint.state !== 'active' || failures === 0 || health.ownOutage) return null;
  const counts = { failures, most: health.disableAfter };
  const at = health.disabledAtThisPace;
  return (
    <Sentence tone={health.failuresUntilDisabled <= 3 ? 'bad' : 'warn'} actions={<LogLink id={endpoint.id} />}>
      {t('endpoint.streak', counts)} {at ? <Text k="endpoint.streakEnds" with={{ at: <At at={at} withSeconds={false} /> }} /> : t('endpoint.streakGoesOn')}
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
      <Text k="endpoint.held" with={{ at: <At at={endpoint.heldUntil} />, in: relative(endpoint.heldUntil, now) }} />
    </Sentence>
  );
}

/** Off, paused or disabled: since when and why, what waits, and the way back. */
function Stopped({ endpoint }: { endpoint: EndpointDetail }) {
  const change = useChange(endpoint);
  const [isOpen, setOpen] = useState(false);
  if (endpoint.state === 'active') return null;
  const { parked, resumeAt, topFailure } = endpoint.health;
  const why = endpoint.state === 'disabled' ? t(`endpoint.because.${endpoint.disabledReason ?? 'owner'}`) : t(`endpoint.stopped.${endpoint.state}`);
  const switchOn = () => (parked.deliveries > 0 ? setOpen(true) : change.mutate({ body: { state: 'active' }, done: t('endpoint.switchedOn') }));
  return (
    <>
      <Sentence
        tone={endpoint.state === 'disabled' ? 'bad' : 'warn'}
        actions={
          <>
            {endpoint.state === 'disabled' && <LogLink id={endpoint.id} />}
            <Button small kind="primary" busy={change.isPending} onClick={switchOn}>
              {t(endpoint.state === 'paused' ? 'endpoint.resume' : 'endpoint.switchOn')}
            </Button>
          </>
        }
      >
        {why} {endpoint.disabledAt && <Text k="endpoint.since" with={{ ago: <Ago at={endpoint.disabledAt} /> }} />}{' '}
        {parked.deliveries > 0 && tn('endpoint.parkedKept', parked.deliveries)} {topFailure && topFailure.advice}{' '}
        {resumeAt && <Text k="endpoint.resumesAt" with={{ at: <At at={resumeAt} /> }} />}
      </Sentence>
      <SwitchOnDialog endpoint={endpoint} open={isOpen} onClose={() => setOpen(false)} />
    </>
  );
}

/** Notices that the sentences above have said already. */
const SAID = new Set(['held', 'paused', 'operator_hold', 'own_outage']);

export function Health({ endpoint }: { endpoint: EndpointDetail }) {
  const { health, operatorHold, secretRotation } = endpoint;
  const notices = health.notices.filter((notice) => !SAID.has(notice.about));
  return (
    <div class="endpoint-health" role="region" aria-label={t('endpoint.health')}>
      {health.ownOutage && <Sentence tone="info">{t('endpoint.ownOutage')}</Sentence>}
      {operatorHold && (
        <Sentence tone="warn">
          {operatorHold.action === 'pause' ? t('endpoint.operatorPause') : t('endpoint.operatorThrottle', { limit: operatorHold.rateLimit ?? '' })}{' '}
          {operatorHold.reason && <q>{operatorHold.reason}</q>}
        </Sentence>
      )}
      <Stopped endpoint={endpoint} />
      <Hold endpoint={endpoint} />
      <Streak endpoint={endpoint} />
      {endpoint.state === 'active' && health.topFailure && endpoint.consecutiveFailures > 0 && (
        <Sentence tone="warn" actions={<LogLink id={endpoint.id} status="retrying" />}>
          {tn('endpoint.topFailure', health.topFailure.count, { what: health.topFailure.status ?? health.topFailure.error })} {health.topFailure.advice}
        </Sentence>
      )}
      {notices.map((notice) => (
        <Sentence key={notice.about} tone="info">
          {notice.text}
        </Sentence>
      ))}
      {secretRotation && (
        <Sentence tone="info">
          <Text k="endpoint.rotating" with={{ at: <At at={secretRotation.previousSecretValidUntil} withSeconds={false} /> }} />
        </Sentence>
      )}
    </div>
  );
}
