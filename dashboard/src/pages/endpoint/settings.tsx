// Changing what an endpoint is. Two people may do so at once: whoever is later sees what the other one made of it, and decides.

import { useMutation } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';

import { ApiError, type EndpointDetail } from '../../api/client';
import { endpointsChanged, queryClient } from '../../api/queries';
import { t } from '../../texts';
import { Button } from '../../ui/button';
import { Card, ErrorNote, Note } from '../../ui/parts';
import { say } from '../../ui/toast';
import { SubscriptionForm } from '../endpoints/subscription/form';
import { changeOf, valueOfEndpoint, type Subscription } from '../endpoints/subscription/value';
import { changeEndpoint } from './queries';
import { Secret } from './secret';

/** The settings that differ, by the names of their fields. */
function differences(one: Subscription, other: Subscription): string[] {
  const names = Object.keys(one) as (keyof Subscription)[];
  return names.filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name])).map((name) => t(`endpoint.field.${name}`));
}

/** Somebody else has changed what is being changed here. */
function Conflict({ theirs, onTheirs, onMine }: { theirs: string[]; onTheirs: () => void; onMine: () => void }) {
  const text = theirs.length > 0 ? t('endpoint.conflict', { fields: theirs.join(', ') }) : t('endpoint.conflictElsewhere');
  return (
    <div role="alert">
      <Note
        tone="warn"
        actions={
          <>
            <Button small onClick={onTheirs}>
              {t('endpoint.takeTheirs')}
            </Button>
            <Button small kind="primary" onClick={onMine}>
              {t('endpoint.keepMine')}
            </Button>
          </>
        }
      >
        <p>{text}</p>
      </Note>
    </div>
  );
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
  // Attempts change the tag as well, and nobody's settings.
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
  const isConflict = isChanged && (theirs.length > 0 || (save.error instanceof ApiError && save.error.isConflict));
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
          {isConflict && <Conflict theirs={theirs} onTheirs={takeTheirs} onMine={keepMine} />}
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
