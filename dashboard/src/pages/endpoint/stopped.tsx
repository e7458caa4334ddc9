// Off, paused or disabled: since when and why, what waits, what happens by itself, and the way back.

import { useState } from 'preact/hooks';

import type { EndpointDetail } from '../../api/client';
import { bytes } from '../../format/numbers';
import { Ago, At, relative, useNow } from '../../format/time';
import { t, Text, tn } from '../../texts';
import { Button } from '../../ui/button';
import { useChange } from './queries';
import { PartLink, Sentence, TopFailure } from './sentence';
import { SwitchOnDialog } from './switch-on';

/** When failures have disabled it: whether it comes back by itself. */
function Resuming({ endpoint }: { endpoint: EndpointDetail }) {
  const now = useNow();
  const { resumeAt } = endpoint.health;
  if (endpoint.disabledReason !== 'consecutive_failures') return null;
  if (!endpoint.autoResume) return <>{t('endpoint.staysOff')}</>;
  if (!resumeAt) return <>{t('endpoint.resumesWithNext')}</>;
  return <Text k="endpoint.resumesAt" with={{ at: <At at={resumeAt} />, in: relative(resumeAt, now) }} />;
}

function why({ state, disabledReason, health }: EndpointDetail): string {
  if (state !== 'disabled') return t(state === 'paused' ? 'endpoint.stopped.paused' : 'endpoint.stopped.off');
  if (disabledReason === 'gone') return t('endpoint.because.gone');
  return disabledReason === 'owner' ? t('endpoint.because.owner') : t('endpoint.because.consecutive_failures', { most: health.disableAfter });
}

export function Stopped({ endpoint }: { endpoint: EndpointDetail }) {
  const change = useChange(endpoint);
  const [isOpen, setOpen] = useState(false);
  if (endpoint.state === 'active') return null;
  const { parked } = endpoint.health;
  const isDisabled = endpoint.state === 'disabled';
  const switchOn = () => (parked.deliveries > 0 ? setOpen(true) : change.mutate({ body: { state: 'active' }, done: t('endpoint.switchedOn') }));
  const actions = (
    <>
      {isDisabled && (
        <PartLink id={endpoint.id} part="log">
          {t('endpoint.seeFailures')}
        </PartLink>
      )}
      {isDisabled && (
        <PartLink id={endpoint.id} part="settings">
          {t(endpoint.disabledReason === 'gone' ? 'endpoint.changeUrl' : 'endpoint.toSettings')}
        </PartLink>
      )}
      <Button small kind="primary" busy={change.isPending} onClick={switchOn}>
        {t(endpoint.state === 'paused' ? 'endpoint.resume' : 'endpoint.switchOn')}
      </Button>
    </>
  );
  return (
    <>
      <Sentence tone={isDisabled ? 'bad' : 'warn'} actions={actions}>
        <p>
          <strong>{why(endpoint)}</strong>{' '}
          {endpoint.disabledAt && <Text k="endpoint.since" with={{ at: <At at={endpoint.disabledAt} />, ago: <Ago at={endpoint.disabledAt} /> }} />}
        </p>
        {isDisabled && <TopFailure endpoint={endpoint} />}
        {(parked.deliveries > 0 || isDisabled) && (
          <p>
            {parked.deliveries > 0 && tn('endpoint.parkedKept', parked.deliveries, { size: bytes(parked.bytes) })} <Resuming endpoint={endpoint} />
          </p>
        )}
      </Sentence>
      <SwitchOnDialog endpoint={endpoint} open={isOpen} onClose={() => setOpen(false)} />
    </>
  );
}
