// What the endpoint is, and what can be done with it at once.

import { useState } from 'preact/hooks';

import type { EndpointDetail } from '../../api/client';
import { Ago } from '../../format/time';
import { t, Text } from '../../texts';
import { Button, CopyButton } from '../../ui/button';
import { MoreIcon, PauseIcon, PlayIcon, ReplayIcon, TrashIcon } from '../../ui/icons';
import { Menu } from '../../ui/menu';
import { nameOf, plain } from '../../ui/name';
import { PageHead } from '../../ui/parts';
import { StateBadge } from '../../ui/state';
import { RemoveDialog } from './remove';
import { useChange, useRetry } from './queries';
import { SwitchOnDialog } from './switch-on';
import { TestDialog } from './test';

/** A URL whose host can't be mistaken: it stands out from whatever else is in there. */
function Address({ url }: { url: string }) {
  const { protocol, host, pathname, search } = new URL(url);
  return (
    <span class="endpoint-address" title={url} dir="ltr">
      {protocol}//<strong>{host}</strong>
      {pathname}
      {search}
    </span>
  );
}

/** What of a description isn't in the name: the lines after the first, or all of it if that was too long. */
function Description({ of }: { of: EndpointDetail }) {
  const text = plain(of.description ?? '');
  const name = nameOf(of);
  const rest = text.startsWith(name) ? text.slice(name.length).trim() : text;
  if (!rest) return null;
  return (
    <bdi class="endpoint-description" title={rest}>
      {rest}
    </bdi>
  );
}

/** Who made it, and who has changed it since. */
function History({ of }: { of: EndpointDetail }) {
  const who = (name: string | null) => (name === 'operator' ? t('endpoint.operator') : <bdi>{name ?? t('endpoint.somebody')}</bdi>);
  return (
    <small>
      <Text k="endpoint.created" with={{ when: <Ago at={of.createdAt} />, who: who(of.createdBy) }} />
      {of.updatedAt !== of.createdAt && (
        <>
          {' · '}
          <Text k="endpoint.updated" with={{ when: <Ago at={of.updatedAt} />, who: who(of.updatedBy) }} />
        </>
      )}
    </small>
  );
}

export function Head({ endpoint }: { endpoint: EndpointDetail }) {
  const change = useChange(endpoint);
  const retry = useRetry(endpoint);
  const [open, setOpen] = useState<'on' | 'test' | 'remove' | null>(null);
  const close = () => setOpen(null);
  const isActive = endpoint.state === 'active';
  const parked = endpoint.health.parked.deliveries;
  const pause = () => change.mutate({ body: { state: 'paused' }, done: t('endpoint.paused'), undo: { state: 'active' } });
  const switchOff = () => change.mutate({ body: { active: false }, done: t('endpoint.switchedOff'), undo: { active: true } });
  const switchOn = () => (parked > 0 ? setOpen('on') : change.mutate({ body: { state: 'active' }, done: t('endpoint.switchedOn') }));
  const waits = endpoint.health.queue.waiting + endpoint.health.queue.retrying > 0;
  const more = [
    ...(isActive && waits ? [{ label: t('endpoint.retryNow'), icon: <ReplayIcon size={16} />, onSelect: () => retry.mutate() }] : []),
    ...(endpoint.state === 'off' ? [] : [{ label: t('endpoint.switchOff'), icon: <PauseIcon size={16} />, onSelect: switchOff }]),
    { label: t('endpoint.remove'), icon: <TrashIcon size={16} />, onSelect: () => setOpen('remove'), danger: true },
  ];
  return (
    <>
      <PageHead
        tab={nameOf(endpoint)}
        title={
          <span class="row">
            <bdi class="break">{nameOf(endpoint)}</bdi> <StateBadge of={endpoint} />
          </span>
        }
        lead={
          <>
            <span class="endpoint-address-row">
              <Address url={endpoint.url} /> <CopyButton text={endpoint.url} />
            </span>
            <Description of={endpoint} />
            <History of={endpoint} />
          </>
        }
        actions={
          <>
            <Button icon={<PlayIcon size={15} />} onClick={() => setOpen('test')}>
              {t('endpoint.test')}
            </Button>
            {isActive ? (
              <Button icon={<PauseIcon size={15} />} busy={change.isPending} onClick={pause}>
                {t('endpoint.pause')}
              </Button>
            ) : (
              <Button kind="primary" icon={<PlayIcon size={15} />} busy={change.isPending} onClick={switchOn}>
                {t(endpoint.state === 'paused' ? 'endpoint.resume' : 'endpoint.switchOn')}
              </Button>
            )}
            <Menu label={t('endpoint.more')} icon={<MoreIcon />} items={more} />
          </>
        }
      />
      <SwitchOnDialog endpoint={endpoint} open={open === 'on'} onClose={close} />
      <TestDialog endpoint={endpoint} open={open === 'test'} onClose={close} />
      <RemoveDialog endpoint={endpoint} open={open === 'remove'} onClose={close} />
    </>
  );
}
