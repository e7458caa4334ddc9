// What a key may do, as choices that one understands: a few purposes, or each right by itself.

import { t, type TextKey } from '../../texts';
import { Check, Choice } from '../../ui/field';
import type { Scope } from './queries';

export const PRESETS = ['automation', 'read', 'custom'] as const;
export type Preset = (typeof PRESETS)[number];

const OF_PRESET: Record<Exclude<Preset, 'custom'>, Scope[]> = {
  automation: ['endpoints:write', 'deliveries:read'],
  read: ['endpoints:read', 'deliveries:read', 'replay:read'],
};

const SUBJECTS = ['endpoints', 'deliveries', 'replay'] as const;
type Subject = (typeof SUBJECTS)[number];
export type Rights = Record<Subject, 'none' | 'read' | 'write'>;

export const NO_RIGHTS: Rights = { endpoints: 'none', deliveries: 'none', replay: 'none' };

/** The scopes of a choice. */
export function scopesOf(preset: Preset, rights: Rights): Scope[] {
  if (preset !== 'custom') return OF_PRESET[preset];
  return SUBJECTS.flatMap((subject) => (rights[subject] === 'none' ? [] : [`${subject}:${rights[subject]}` as Scope]));
}

/** What scopes allow, in words. */
export function wordsOf(scopes: Scope[]): string[] {
  return SUBJECTS.flatMap((subject) => {
    const right = scopes.includes(`${subject}:write`) ? 'write' : scopes.includes(`${subject}:read`) ? 'read' : null;
    return right ? [t(`keys.may.${subject}.${right}`)] : [];
  });
}

interface ScopesProps {
  preset: Preset;
  rights: Rights;
  onPreset: (preset: Preset) => void;
  onRights: (rights: Rights) => void;
  error: string | null;
}

function Right({ subject, rights, onRights }: { subject: Subject } & Pick<ScopesProps, 'rights' | 'onRights'>) {
  const right = rights[subject];
  const set = (next: Rights[Subject]) => onRights({ ...rights, [subject]: next });
  const label = (kind: 'read' | 'write') => t(`keys.may.${subject}.${kind}` satisfies TextKey);
  return (
    <div class="keys-right" role="group" aria-label={t(`keys.subject.${subject}`)}>
      <Check label={label('read')} checked={right !== 'none'} onChecked={(is) => set(is ? 'read' : 'none')} />
      <Check label={label('write')} checked={right === 'write'} onChecked={(is) => set(is ? 'write' : 'read')} />
    </div>
  );
}

export function Scopes({ preset, rights, onPreset, onRights, error }: ScopesProps) {
  return (
    <div class="stack">
      <Choice label={t('keys.purpose')} value={preset} of={PRESETS.map((one) => [one, t(`keys.preset.${one}`)])} onValue={onPreset} />
      {preset === 'custom' ? (
        SUBJECTS.map((subject) => <Right key={subject} subject={subject} rights={rights} onRights={onRights} />)
      ) : (
        <ul class="keys-allows">
          {wordsOf(OF_PRESET[preset]).map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
      {error && (
        <p class="keys-fault" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
