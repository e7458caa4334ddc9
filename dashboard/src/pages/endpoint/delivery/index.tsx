// One delivery, beside the log, or in its place where there is little room: what became of it, what comes next, and all that is known.

import { useQuery, useQueryClient } from '@tanstack/preact-query';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Link } from 'wouter-preact';

import './delivery.css';

import { ApiError, type EndpointDetail } from '../../../api/client';
import { listen } from '../../../api/stream';
import { At } from '../../../format/time';
import { t } from '../../../texts';
import { Button, CopyButton } from '../../../ui/button';
import { ChevronIcon, CloseIcon } from '../../../ui/icons';
import { Empty, ErrorNote, Facts, Skeleton } from '../../../ui/parts';
import { DeliveryBadge, Marks } from '../log/status';
import { ReplayOne } from '../replay/one';
import { Attempts } from './attempts';
import { Next } from './next';
import { Payload } from './payload';
import { deliveryQuery, type ReadDelivery } from './queries';

interface PanelProps {
  endpoint: EndpointDetail;
  deliveryId: string;
  onClose: () => void;
  /** Absent where there is none. */
  onNext?: () => void;
  onPrevious?: () => void;
}

function Id({ of }: { of: string }) {
  return (
    <span class="delivery-id">
      <code class="break">{of}</code>
      <CopyButton text={of} />
    </span>
  );
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="delivery-section">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Content({ of, endpoint }: { of: ReadDelivery; endpoint: EndpointDetail }) {
  const { delivery } = of;
  const facts: [string, ComponentChildren][] = [
    [t('delivery.accepted'), <At key="" at={delivery.acceptedAt} />],
    [t('delivery.id'), <Id key="" of={delivery.id} />],
    [t('delivery.eventId'), <Id key="" of={delivery.eventId} />],
  ];
  if (delivery.replayOf) {
    facts.push([
      t('delivery.replayOf'),
      <Link key="" class="break" href={`/endpoints/${endpoint.id}/log/${delivery.replayOf}`}>
        {delivery.replayOf}
      </Link>,
    ]);
  }
  return (
    <>
      <Next of={delivery} endpoint={endpoint} />
      <ReplayOne of={of} endpoint={endpoint} />
      <Section title={t('delivery.attempts')}>
        <Attempts of={delivery} />
      </Section>
      <Section title={t('delivery.body')}>
        <Payload of={of} endpoint={endpoint} />
      </Section>
      <Section title={t('delivery.facts')}>
        <Facts of={facts} />
      </Section>
    </>
  );
}

function useDelivery(endpointId: string, deliveryId: string) {
  const client = useQueryClient();
  const options = deliveryQuery(endpointId, deliveryId);
  useEffect(
    () =>
      listen((message) => {
        if (message.type === 'attempt' && message.data.deliveryId === deliveryId) void client.invalidateQueries({ queryKey: options.queryKey });
        if (message.type === 'canceled' && message.data.endpointId === endpointId) void client.invalidateQueries({ queryKey: options.queryKey });
      }),
    [endpointId, deliveryId],
  );
  return useQuery(options);
}

export function DeliveryPanel({ endpoint, deliveryId, onClose, onNext, onPrevious }: PanelProps) {
  const query = useDelivery(endpoint.id, deliveryId);
  const panel = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    if (!matchMedia('(min-width: 1081px)').matches) panel.current?.scrollIntoView({ block: 'start' });
  }, []);
  useEffect(() => panel.current?.scrollTo({ top: 0 }), [deliveryId]);
  const delivery = query.data?.delivery;
  const isUnknown = query.error instanceof ApiError && query.error.status === 404;
  return (
    <article class="delivery" ref={panel} aria-labelledby="delivery-heading">
      <header class="delivery-head">
        <h2 id="delivery-heading" ref={heading} tabIndex={-1}>
          <bdi class="break">{delivery?.event ?? t(delivery ? 'log.unknownEvent' : 'delivery.title')}</bdi>
        </h2>
        {delivery && <DeliveryBadge status={delivery.status} />}
        {delivery && <Marks of={{ test: delivery.test, isReplay: delivery.replayOf !== null }} />}
        <div class="actions">
          <Button kind="quiet" small class="delivery-up" icon={<ChevronIcon />} aria-label={t('delivery.previous')} disabled={!onPrevious} onClick={onPrevious} />
          <Button kind="quiet" small class="delivery-down" icon={<ChevronIcon />} aria-label={t('delivery.next')} disabled={!onNext} onClick={onNext} />
          <Button kind="quiet" small icon={<CloseIcon />} aria-label={t('delivery.close')} onClick={onClose} />
        </div>
      </header>
      <div class="delivery-body">
        {query.isPending && <Skeleton lines={7} />}
        {isUnknown && <Empty title={t('delivery.unknown')}>{t('delivery.unknownText')}</Empty>}
        {query.isError && !isUnknown && !query.data && <ErrorNote error={query.error} onRetry={() => void query.refetch()} />}
        {query.data && <Content key={deliveryId} of={query.data} endpoint={endpoint} />}
      </div>
    </article>
  );
}
