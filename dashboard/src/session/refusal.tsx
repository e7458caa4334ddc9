// Why the API refused the session, where that says more than that it has ended.

import { hasText, t } from '../texts';
import { Note } from '../ui/parts';
import { session } from '.';

export function Refusal() {
  const key = `refused.${session.refusal.value}`;
  return hasText(key) ? <Note tone="warn">{t(key)}</Note> : null;
}
