// What a failure means, and what to do about it. Of an HTTP status, as far as it says more than that it isn't a success.

import type { Attempt } from '../../../api/client';
import { hasText, type TextKey } from '../../../texts';

type Failed = Pick<Attempt, 'error' | 'httpStatus'>;

function statusKind(status: number): string {
  if (status >= 500) return hasText(`delivery.advice.http_${status}`) ? String(status) : '5xx';
  return String(status);
}

/** The text that says it; `null` if nothing failed. */
export function adviceFor({ error, httpStatus }: Failed): TextKey | null {
  if (!error) return null;
  if (error === 'http_status' && httpStatus !== null) {
    const key = `delivery.advice.http_${statusKind(httpStatus)}`;
    if (hasText(key)) return key;
  }
  return `delivery.advice.${error}`;
}
