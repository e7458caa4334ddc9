// A new endpoint: its fields, and what comes after.

import { useMutation } from '@tanstack/preact-query';
import { useEffect, useState } from 'preact/hooks';
import { useSearch } from 'wouter-preact';

import './new.css';

import { api, dataOf, type Schemas } from '../../api/client';
import { endpointsChanged } from '../../api/queries';
import { recall, remember } from '../../storage';
import { t } from '../../texts';
import { Button } from '../../ui/button';
import { Card, ErrorNote, PageHead } from '../../ui/parts';
import { Created } from './created';
import { SubscriptionForm } from './subscription/form';
import { EMPTY, requestOf, type Subscription } from './subscription/value';

const DRAFT = 'new-endpoint';

/** What was typed, over a reload as well. Values of headers may be secrets, and are kept nowhere. */
function keep(value: Subscription): void {
  remember(DRAFT, JSON.stringify({ ...value, headers: value.headers.map(({ name }) => ({ name, value: '' })) }), 'sessionStorage');
}

function begun(search: string): Subscription {
  const events = new URLSearchParams(search).get('events')?.split(',').filter(Boolean);
  const draft = recall(DRAFT, 'sessionStorage');
  const value = draft ? { ...EMPTY, ...(JSON.parse(draft) as Partial<Subscription>) } : EMPTY;
  return events ? { ...value, events } : value;
}

export function NewEndpointPage() {
  const search = useSearch();
  const [value, setValue] = useState(() => begun(search));
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [isWithoutEvents, setWithoutEvents] = useState(false);
  const [made, setMade] = useState<Schemas['CreatedEndpoint'] | null>(null);
  useEffect(() => {
    if (!made) keep(value);
  }, [value, made]);
  // The key makes one endpoint of however many tries: an answer may be lost.
  const create = useMutation({
    mutationFn: () =>
      dataOf(api.POST('/api/webhooks-config', { params: { header: { 'Idempotency-Key': key } }, body: requestOf(value) })),
    onSuccess: (endpoint) => {
      remember(DRAFT, null, 'sessionStorage');
      setMade(endpoint);
      endpointsChanged();
    },
  });
  const change = (next: Subscription) => {
    setValue(next);
    if (next.events.length > 0) setWithoutEvents(false);
    // What was refused is another request from now on.
    if (create.isError) {
      create.reset();
      setKey(crypto.randomUUID());
    }
  };
  if (made) {
    const again = () => {
      setMade(null);
      setValue(EMPTY);
      setKey(crypto.randomUUID());
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
