// What needs attention: why, what to do about it, and the button that does it.

import type { ComponentChildren } from 'preact';
import { Link } from 'wouter-preact';

import type { ListedEndpoint, Schemas } from '../../api/client';
import { Ago } from '../../format/time';
import { t, tn } from '../../texts';
import { Advice } from '../../ui/advice';
import { Button } from '../../ui/button';
import { PlayIcon, ReplayIcon, WarningIcon } from '../../ui/icons';
import { EndpointName } from '../../ui/name';
import { Badge, Card, type Tone } from '../../ui/parts';
import { useRemedy, type Remedy } from './queries';

type Attention = Schemas['Attention'];

const TONES: Record<Attention['reason'], Tone> = {
  near_budget: 'bad',
  consecutive_failures: 'bad',
  gone: 'bad',
  failing: 'warn',
  held: 'info',
  long_line: 'warn',
  operator_hold: 'info',
};

function Mend({ remedy, endpoint, children }: { remedy: Remedy; endpoint: ListedEndpoint; children: ComponentChildren }) {
  const mend = useRemedy(remedy, endpoint);
  return (
    <Button
      kind="primary"
      small
      icon={remedy === 'retry' ? <ReplayIcon size={15} /> : <PlayIcon size={15} />}
      busy={mend.isPending}
      onClick={() => mend.mutate()}
    >
      {children}
    </Button>
  );
}

function To({ href, children, primary }: { href: string; children: ComponentChildren; primary?: boolean }) {
  return (
    <Link class={`button small${primary ? ' primary' : ''}`} href={href}>
      {children}
    </Link>
  );
}

function Remedies({ reason, endpoint }: { reason: Attention['reason']; endpoint: ListedEndpoint }) {
  const page = `/endpoints/${endpoint.id}`;
  // Whatever is tried again has failed; of an endpoint that is disabled, what failed last comes first.
  const failures = <To href={`${page}/log${reason === 'failing' ? '?status=retrying' : ''}`}>{t('overview.seeFailures')}</To>;
  switch (reason) {
    case 'consecutive_failures': {
      const parked = endpoint.health.parked.deliveries;
      return (
        <>
          {failures}
          <Mend remedy="switchOn" endpoint={endpoint}>
            {parked > 0 ? tn('overview.switchOnSending', parked) : t('overview.switchOn')}
          </Mend>
        </>
      );
    }
    case 'gone':
      return (
        <>
          {failures}
          <To primary href={page}>
            {t('overview.changeUrl')}
          </To>
        </>
      );
    case 'failing':
      return (
        <>
          {failures}
          <Mend remedy="retry" endpoint={endpoint}>
            {t('overview.retryNow')}
          </Mend>
        </>
      );
    case 'held':
      return (
        <Mend remedy="endHold" endpoint={endpoint}>
          {t('overview.sendNow')}
        </Mend>
      );
    case 'long_line':
      return (
        <To primary href={page}>
          {t(endpoint.rateLimit === null ? 'overview.seeLine' : 'overview.raiseLimit')}
        </To>
      );
    default:
      return <To href={page}>{t('overview.seeEndpoint')}</To>;
  }
}

/** Of the account: the endpoint for which most is waiting is where to begin. */
function OfAccount({ endpoints }: { endpoints: ListedEndpoint[] }) {
  const fullest = [...endpoints].sort((one, other) => other.queueDepth - one.queueDepth)[0];
  if (!fullest) return null;
  return (
    <To primary href={`/endpoints/${fullest.id}`}>
      {t('overview.seeFullest')}
    </To>
  );
}

function Item({ of, endpoints }: { of: Attention; endpoints: ListedEndpoint[] }) {
  const endpoint = endpoints.find((one) => one.id === of.endpointId);
  return (
    <li class={`overview-item ${TONES[of.reason]}`}>
      <div class="overview-item-head">
        {of.endpointId === null ? <strong>{t('overview.yourAccount')}</strong> : <EndpointName id={of.endpointId} of={endpoint} />}
        <Badge tone={TONES[of.reason]}>{t(`overview.reason.${of.reason}`)}</Badge>
        {of.since && (
          <span class="soft overview-small">
            <Ago at={of.since} />
          </span>
        )}
      </div>
      <p class="overview-advice">
        <Advice text={of.advice} />
      </p>
      <div class="actions">
        {endpoint && <Remedies reason={of.reason} endpoint={endpoint} />}
        {of.reason === 'near_budget' && <OfAccount endpoints={endpoints} />}
      </div>
    </li>
  );
}

/** So many are shown at once; who has more begins with these. */
const SHOWN = 10;

export function NeedsAttention({ attention, endpoints }: { attention: Attention[]; endpoints: ListedEndpoint[] }) {
  if (attention.length === 0) return null;
  return (
    <Card
      class="overview-attention"
      title={
        <span class="row">
          <WarningIcon /> {t('overview.attention')}
        </span>
      }
    >
      <ul class="overview-list">
        {attention.slice(0, SHOWN).map((one) => (
          <Item key={one.endpointId ?? one.reason} of={one} endpoints={endpoints} />
        ))}
      </ul>
      {attention.length > SHOWN && (
        <p class="soft">
          <Link href="/endpoints">{tn('overview.andMore', attention.length - SHOWN)}</Link>
        </p>
      )}
    </Card>
  );
}
