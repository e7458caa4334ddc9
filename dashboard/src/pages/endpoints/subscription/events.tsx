// Which events an endpoint gets: all, or some, in groups.

import { useQuery } from '@tanstack/preact-query';
import { useId } from 'preact/hooks';

import type { EventType } from '../../../api/client';
import { eventTypesQuery } from '../../../api/queries';
import { hasText, t } from '../../../texts';
import { Json } from '../../../ui/code';
import { Button } from '../../../ui/button';
import { Check } from '../../../ui/field';
import { Badge, ErrorNote, Skeleton } from '../../../ui/parts';

interface EventsProps {
  chosen: string[];
  onChosen: (events: string[]) => void;
  error: string | null;
}

/** Types by what stands before the dot of their names; what happens to the account itself comes last. */
function grouped(types: EventType[]): [string, EventType[]][] {
  const groups = new Map<string, EventType[]>();
  for (const type of types) {
    const group = type.accountEvent ? 'account' : (type.name.split('.')[0] ?? type.name);
    groups.set(group, [...(groups.get(group) ?? []), type]);
  }
  return [...groups].sort(([one], [other]) => Number(one === 'account') - Number(other === 'account'));
}

function Type({ type, isChosen, isCovered, onChange }: { type: EventType; isChosen: boolean; isCovered: boolean; onChange: (is: boolean) => void }) {
  return (
    <div class="subscription-type">
      <label class="check">
        <input type="checkbox" checked={isChosen || isCovered} disabled={isCovered} onChange={(event) => onChange(event.currentTarget.checked)} />
        <span>
          <code>{type.name}</code> {type.deprecated && <Badge tone="warn">{t('new.deprecated')}</Badge>}
          <small>{type.description}</small>
        </span>
      </label>
      <details>
        <summary>{t('new.sample')}</summary>
        <Json value={type.sample} label={t('new.sampleOf', { event: type.name })} />
      </details>
    </div>
  );
}

interface GroupProps {
  group: string;
  types: EventType[];
  chosen: string[];
  /** Whether those that aren't about the account are chosen with all. */
  isAll: boolean;
  onChosen: (events: string[]) => void;
}

function Group({ group, types, chosen, isAll, onChosen }: GroupProps) {
  const key = `new.group.${group}`;
  const title = hasText(key) ? t(key) : group;
  const names = types.map((type) => type.name);
  const others = chosen.filter((name) => !names.includes(name));
  const isWhole = names.every((name) => chosen.includes(name));
  const isCovered = isAll && group !== 'account';
  const choice = t(isWhole ? 'new.chooseNone' : 'new.chooseAll');
  return (
    <section aria-label={title}>
      <header>
        <h2>{title}</h2>
        {types.length > 1 && !isCovered && (
          <Button small kind="quiet" aria-label={`${choice}: ${title}`} onClick={() => onChosen(isWhole ? others : [...others, ...names])}>
            {choice}
          </Button>
        )}
      </header>
      {types.map((type) => (
        <Type
          key={type.name}
          type={type}
          isChosen={chosen.includes(type.name)}
          isCovered={isCovered}
          onChange={(is) => onChosen(is ? [...chosen, type.name] : chosen.filter((one) => one !== type.name))}
        />
      ))}
    </section>
  );
}

export function Events({ chosen, onChosen, error }: EventsProps) {
  const types = useQuery(eventTypesQuery());
  const id = useId();
  if (types.isPending) return <Skeleton lines={6} />;
  if (types.isError) return <ErrorNote error={types.error} onRetry={() => void types.refetch()} />;
  const isAll = chosen.includes('*');
  const chooseAll = (is: boolean) => {
    const account = chosen.filter((name) => types.data.eventTypes.find((type) => type.name === name)?.accountEvent);
    onChosen(is ? ['*', ...account] : account);
  };
  return (
    <fieldset class="subscription-events" aria-describedby={error ? `${id}-error` : undefined}>
      <legend>{t('new.events')}</legend>
      {error && (
        <p class="subscription-fault" id={`${id}-error`}>
          {error}
        </p>
      )}
      <Check label={<strong>{t('new.allEvents')}</strong>} hint={t('new.allEventsHint')} checked={isAll} onChecked={chooseAll} />
      {grouped(types.data.eventTypes).map(([group, members]) => (
        <Group key={group} group={group} types={members} chosen={chosen} isAll={isAll} onChosen={onChosen} />
      ))}
    </fieldset>
  );
}
