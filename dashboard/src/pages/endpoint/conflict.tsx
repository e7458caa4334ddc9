// Somebody else has changed what is being changed here: what it was, what they made of it, and the choice between theirs and mine on top.

import { t } from '../../texts';
import { Button } from '../../ui/button';
import { Note } from '../../ui/parts';
import type { Subscription } from '../endpoints/subscription/value';

type Name = keyof Subscription;

/** The settings that differ. */
export function differences(one: Subscription, other: Subscription): Name[] {
  const names = Object.keys(one) as Name[];
  return names.filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]));
}

/** A setting as a line of text. */
function shown(of: Subscription, name: Name): string {
  switch (name) {
    case 'events':
      return of.events.join(', ');
    case 'filters':
      return of.filters.map((row) => [row.pointer, t(`new.operator.${row.operator}`), row.value].join(' ').trim()).join('; ');
    case 'headers':
      return of.headers.map((row) => row.name).join(', ');
    case 'autoResume':
      return t(of.autoResume ? 'endpoint.yes' : 'endpoint.no');
    default:
      return of[name];
  }
}

interface ConflictProps {
  /** What it was when somebody began to change it here. */
  base: Subscription;
  current: Subscription;
  mine: Subscription;
  onTheirs: () => void;
  onMine: () => void;
}

export function Conflict({ base, current, mine, onTheirs, onMine }: ConflictProps) {
  const theirs = differences(base, current);
  const both = differences(base, mine).filter((name) => theirs.includes(name));
  const actions = (
    <>
      <Button small onClick={onTheirs}>
        {t('endpoint.takeTheirs')}
      </Button>
      <Button small kind="primary" onClick={onMine}>
        {t('endpoint.keepMine')}
      </Button>
    </>
  );
  return (
    <div role="alert">
      <Note tone="warn" actions={actions}>
        <p>{t(theirs.length > 0 ? 'endpoint.conflict' : 'endpoint.conflictElsewhere')}</p>
        {theirs.length > 0 && (
          <dl class="endpoint-conflict">
            {theirs.map((name) => (
              <div key={name}>
                <dt>{t(`endpoint.field.${name}`)}</dt>
                <dd>
                  <del>
                    <bdi>{shown(base, name) || t('endpoint.nothing')}</bdi>
                  </del>{' '}
                  <ins>
                    <bdi>{shown(current, name) || t('endpoint.nothing')}</bdi>
                  </ins>
                </dd>
              </div>
            ))}
          </dl>
        )}
        {both.length > 0 && <p>{t('endpoint.conflictBoth', { fields: both.map((name) => t(`endpoint.field.${name}`)).join(', ') })}</p>}
      </Note>
    </div>
  );
}
