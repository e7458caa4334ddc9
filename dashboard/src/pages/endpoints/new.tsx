// A new endpoint: its fields, and what comes after.

import { useMutation } from '@tanstack/preact-query';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useSearch } from 'wouter-preact';

import './new.css';

import { api, ApiError, dataOf, type Schemas } from '../../api/client';
import { endpointsChanged } from '../../api/queries';
import { recall, remember } from '../../storage';
import { t } from '../../texts';
import { Button } from '../../ui/button';
import { Card, ErrorNote, PageHead } from '../../ui/parts';
import { Created } from './created';
import { SubscriptionForm } from './subscription/form';
import { EMPTY, requestOf, type Subscription } from './subscription/value';

const DRAFT = 'new-endpoint';

interface Draft {
  value: Subscription;
  /** Makes one endpoint of however many tries: an answer may be lost, and the page loaded anew. */
  key: string;
}

/** What was typed, over a reload as well. Values of headers may be secrets, and are kept nowhere. */
function keep({ value, key }: Draft): void {
  const headers = value.headers.map(({ name }) => ({ name, value: '' }));
  remember(DRAFT, JSON.stringify({ key, value: { ...value, headers } }), 'sessionStorage');
}

function begun(search: string): Draft {
  const events = new URLSearchParams(search).get('events')?.split(',').filter(Boolean);
  const kept = JSON.parse(recall(DRAFT, 'sessionStorage') ?? '{}') as Partial<Draft>;
  const value = { ...EMPTY, ...kept.value, ...(events ? { events } : {}) };
  return { value, key: kept.key ?? newKey() };
}

/** `crypto.randomUUID` is there with https only. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A try whose answer was lost has made an endpoint, of other settings than those that are wanted now. */
const isMadeOtherwise = (error: unknown) => error instanceof ApiError && error.code === 'idempotency_conflict';

export function NewEndpointPage() {
  const search = useSearch();
  const [{ value, key }, setDraft] = useState(() => begun(search));
  const [isWithoutEvents, setWithoutEvents] = useState(false);
  const [made, setMade] = useState<Schemas['CreatedEndpoint'] | null>(null);
  useEffect(() => {
    if (!made) keep({ value, key });
  }, [value, key, made]);
  const madeBefore = useRef(made);
  useEffect(() => {
    if (madeBefore.current === made) return;
    madeBefore.current = made;
    // What had the focus is gone.
    scrollTo(0, 0);
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
  }, [made]);
  const create = useMutation({
    mutationFn: () =>
      dataOf(api.POST('/api/webhooks-config', { params: { header: { 'Idempotency-Key': key } }, body: requestOf(value) })),
    onSuccess: (endpoint) => {
      remember(DRAFT, null, 'sessionStorage');
      setMade(endpoint);
      endpointsChanged();
    },
    // That was said; whoever sends it again wants another one. What was refused for anything else has made nothing, and its key is free.
    onError: (error) => isMadeOtherwise(error) && setDraft((now) => ({ ...now, key: newKey() })),
  });
  const change = (next: Subscription) => {
    setDraft((now) => ({ ...now, value: next }));
    if (next.events.length > 0) setWithoutEvents(false);
    if (create.isError) create.reset();
  };
  if (made) {
    const again = () => {
      setMade(null);
      setDraft({ value: EMPTY, key: newKey() });
      create.reset();
    };
    return <Created endpoint={made} onAnother={again} />;
  }
  return (
    <>
      <PageHead title={t('new.title')} lead={t('new.lead')} />
      <Card class="new-endpoint">
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (value.events.length === 0) setWithoutEvents(true);
            else if (!create.isPending) create.mutate();
          }}
        >
          <SubscriptionForm value={value} onValue={change} error={create.error} />
          {create.isError && <ErrorNote error={create.error} />}
          <p class="new-endpoint-fault" role="alert">
            {isWithoutEvents && t('new.noEvents')}
          </p>
          <div class="actions">
            <Button kind="primary" type="submit" busy={create.isPending}>
              {t('new.create')}
            </Button>
          </div>
        </form>
      </Card>
    </>
  );
}
