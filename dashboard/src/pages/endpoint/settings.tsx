// Changing what an endpoint is. Two people may do so at once: whoever is later sees what the other one made of it, and decides.

import { useMutation } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';

import { ApiError, type EndpointDetail } from '../../api/client';
import { changeEndpoint } from '../../api/endpoints';
import { endpointsChanged, queryClient } from '../../api/queries';
import { t } from '../../texts';
import { Button } from '../../ui/button';
import { Card, ErrorNote, Note } from '../../ui/parts';
import { say } from '../../ui/toast';
import { SubscriptionForm } from '../endpoints/subscription/form';
import { changeOf, valueOfEndpoint, type Subscription } from '../endpoints/subscription/value';
import { Conflict, differences } from './conflict';
import { Secret } from './secret';

/** Headers that end with the change, since another server must not get what is meant for the present one. */
function lostHeaders(before: Subscription, after: Subscription): string[] {
  try {
    if (new URL(before.url).origin === new URL(after.url).origin) return [];
  } catch {
    // It is still being typed.
    return [];
  }
  return after.headers.filter((row) => row.value === null).map((row) => row.name);
}

export function SettingsTab({ endpoint }: { endpoint: EndpointDetail }) {
  // What it was when somebody began to change it: what others change meanwhile is theirs.
  const [base, setBase] = useState({ etag: endpoint.etag, value: valueOfEndpoint(endpoint) });
  const [value, setValue] = useState(base.value);
  const current = valueOfEndpoint(endpoint);
  const isChanged = JSON.stringify(value) !== JSON.stringify(base.value);
  if (!isChanged && JSON.stringify(current) !== JSON.stringify(base.value)) {
    setBase({ etag: endpoint.etag, value: current });
    setValue(current);
  }
  const theirs = differences(base.value, current);
  const lost = lostHeaders(base.value, value);
  // Whoever pauses it changes the tag as well, and nobody's settings.
  const etag = theirs.length === 0 ? endpoint.etag : base.etag;
  const save = useMutation({
    mutationFn: (mine: Subscription) => changeEndpoint(endpoint.id, etag, changeOf(base.value, mine)),
    onSuccess: (changed) => {
      const next = valueOfEndpoint(changed);
      setBase({ etag: changed.etag, value: next });
      setValue(next);
      say(t('endpoint.saved'));
    },
    onSettled: endpointsChanged,
  });
  const isConflict = isChanged && !save.isPending && (theirs.length > 0 || (save.error instanceof ApiError && save.error.isConflict));
  const takeTheirs = () => {
    save.reset();
    setBase({ etag: endpoint.etag, value: current });
    setValue(current);
  };
  // What was changed here stays; everything else is as they made it.
  const keepMine = () => {
    save.reset();
    const mine = Object.fromEntries(Object.entries(value).filter(([name, one]) => JSON.stringify(one) !== JSON.stringify(base.value[name as keyof Subscription])));
    setBase({ etag: endpoint.etag, value: current });
    setValue({ ...current, ...mine });
    void queryClient.invalidateQueries({ queryKey: ['endpoint', endpoint.id] });
  };
  return (
    <div class="stack endpoint-settings">
      <Card title={t('endpoint.settings')}>
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (isChanged && !isConflict) save.mutate(value);
          }}
        >
          <SubscriptionForm value={value} onValue={setValue} error={save.error} />
          {lost.length > 0 && (
            <Note tone="warn">
              <p role="status">{t('endpoint.lostHeaders', { names: lost.join(', ') })}</p>
            </Note>
          )}
          {isConflict && <Conflict base={base.value} current={current} mine={value} onTheirs={takeTheirs} onMine={keepMine} />}
          {save.isError && !isConflict && <ErrorNote error={save.error} />}
          <div class="actions">
            <Button kind="primary" type="submit" disabled={!isChanged || isConflict} busy={save.isPending}>
              {t('common.save')}
            </Button>
            {isChanged && <Button onClick={takeTheirs}>{t('endpoint.discardChanges')}</Button>}
          </div>
        </form>
      </Card>
      <Secret endpoint={endpoint} />
    </div>
  );
}
