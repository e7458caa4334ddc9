// Where a body that somebody has pasted differs from the one that was sent.

import { named } from '../delivery/visible';

/** So many characters are shown before the first that differs, and after it. */
const BEFORE = 32;
const AFTER = 28;

export interface Excerpt {
  before: string;
  /** The character that differs; empty at the end of the text. */
  at: string;
  after: string;
}

export type Comparison =
  | { kind: 'same' }
  | {
      /** `sameJson`: it means the same, and is written in another way, which is enough for a signature to fail. */
      kind: 'sameJson' | 'different';
      /** Counted from 1, in bytes of what was sent. */
      byte: number;
      sent: Excerpt;
      pasted: Excerpt;
      sentBytes: number;
      pastedBytes: number;
    };

const SEEN: Record<string, string> = { ' ': '·', '\n': '⏎', '\r': '‹CR›', '\t': '⇥', '\u00a0': '‹U+00A0›' };

/** A text whose blanks and other characters without a look of their own can be seen. */
export function seen(text: string): string {
  return text.replace(/[ \n\r\t\u00a0]|[\p{Cf}\p{Cc}\p{Zl}\p{Zp}]/gu, (char) => SEEN[char] ?? named(char));
}

function excerpt(chars: string[], index: number): Excerpt {
  const from = Math.max(0, index - BEFORE);
  return {
    before: (from > 0 ? '…' : '') + seen(chars.slice(from, index).join('')),
    at: seen(chars[index] ?? ''),
    after: seen(chars.slice(index + 1, index + 1 + AFTER).join('')) + (chars.length > index + 1 + AFTER ? '…' : ''),
  };
}

/** JSON in one order, so that texts which mean the same are alike. */
function meaning(text: string): string | null {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, inner]) => [name, sorted(inner)]),
    );
  };
  try {
    return JSON.stringify(sorted(JSON.parse(text)));
  } catch {
    return null;
  }
}

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

export function compared(sent: string, pasted: string): Comparison {
  if (sent === pasted) return { kind: 'same' };
  const [ours, theirs] = [Array.from(sent), Array.from(pasted)];
  let index = 0;
  while (index < ours.length && ours[index] === theirs[index]) index += 1;
  const meant = meaning(sent);
  return {
    kind: meant !== null && meant === meaning(pasted.replace(/^\ufeff/, '')) ? 'sameJson' : 'different',
    byte: bytesOf(ours.slice(0, index).join('')) + 1,
    sent: excerpt(ours, index),
    pasted: excerpt(theirs, index),
    sentBytes: bytesOf(sent),
    pastedBytes: bytesOf(pasted),
  };
}
