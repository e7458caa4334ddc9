// What an endpoint's state and a delivery's status look like, everywhere.

import type { Endpoint } from '../api/client';
import { t } from '../texts';
import { Badge, type Tone } from './parts';

/** The states of endpoints, as people see them: one that its receiver has asked to wait is active, and on hold. */
export type ShownState = Endpoint['state'] | 'held';

const STATES: Record<ShownState, Tone> = { active: 'good', held: 'info', paused: 'warn', disabled: 'bad', off: 'mute' };

export function shownState(endpoint: Pick<Endpoint, 'state' | 'heldUntil'>): ShownState {
  const isHeld = endpoint.state === 'active' && endpoint.heldUntil && new Date(endpoint.heldUntil) > new Date();
  return isHeld ? 'held' : endpoint.state;
}

export function StateBadge({ of }: { of: Pick<Endpoint, 'state' | 'heldUntil'> }) {
  const state = shownState(of);
  return <Badge tone={STATES[state]}>{t(`state.${state}`)}</Badge>;
}
