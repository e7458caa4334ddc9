// What the page around this one may say: every value is checked, and what isn't known is left out, with a warning.

import { hasLanguage } from '../texts';

export const FONTS = {
  system: null,
  serif: 'Georgia, Cambria, "Noto Serif", "Liberation Serif", serif',
  mono: 'var(--mono)',
  rounded: 'ui-rounded, "SF Pro Rounded", "Hiragino Maru Gothic ProN", Nunito, Quicksand, "Arial Rounded MT Bold", sans-serif',
} as const;

export interface PortalTheme {
  mode: 'light' | 'dark' | 'auto';
  /** `#rrggbb` */
  accent: string;
  /** How round corners are (px). */
  radius: number;
  font: keyof typeof FONTS;
  language: string;
}

export interface PortalSession {
  token: string;
  /** When the token expires (ms), if that was said. */
  expiresAt: number | null;
  /** What it may do, as far as the page around knows. The API decides. */
  access: 'read' | 'write' | null;
  /** Whose it is. When it changes, nothing of the former account stays on the page. */
  accountId: string | null;
  theme: Partial<PortalTheme>;
}

type Check<T> = (value: unknown) => T | null;
type Checks<T> = { [K in keyof T]-?: Check<T[K]> };

function oneOf<T extends string>(...of: T[]): Check<T> {
  return (value) => of.find((one) => one === value) ?? null;
}

const matching = (pattern: RegExp): Check<string> => (value) => (typeof value === 'string' && pattern.test(value) ? value : null);

const THEME: Checks<PortalTheme> = {
  mode: oneOf('light', 'dark', 'auto'),
  accent: (value) => matching(/^#[0-9a-f]{6}$/i)(value)?.toLowerCase() ?? null,
  radius: (value) => (typeof value === 'number' && value >= 0 && value <= 24 ? value : null),
  font: oneOf(...(Object.keys(FONTS) as (keyof typeof FONTS)[])),
  language: (value) => (typeof value === 'string' && hasLanguage(value) ? value : null),
};

type Facts = Pick<PortalSession, 'expiresAt' | 'access' | 'accountId'>;

const FACTS: Checks<Facts> = {
  expiresAt: (value) => (typeof value === 'string' ? Date.parse(value) || null : null),
  access: oneOf('read', 'write'),
  accountId: matching(/^[\w:.-]{1,200}$/),
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The values that are known and valid. */
function valid<T extends object>(checks: Checks<T>, values: Record<string, unknown>, place: string): Partial<T> {
  const found: Partial<T> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null) continue;
    const check = Object.hasOwn(checks, name) ? checks[name as keyof T] : null;
    const checked = check?.(value) ?? null;
    if (checked === null) console.warn(`rkt-portal.session: ${place}${name} isn't known, or not valid; it is ignored`);
    else found[name as keyof T] = checked as T[keyof T];
  }
  return found;
}

/** The session in a message; `null` if it is none. */
export function sessionIn(data: unknown): PortalSession | null {
  if (!isObject(data) || data.type !== 'rkt-portal.session') return null;
  const { type: _, token, theme, ...facts } = data;
  const found = { expiresAt: null, access: null, accountId: null, ...valid(FACTS, facts, '') };
  if (typeof token !== 'string' || !/^[!-~]{8,8192}$/.test(token)) {
    console.warn('rkt-portal.session: there is no valid token; the message is ignored');
    return null;
  }
  return { ...found, token, theme: isObject(theme) ? valid(THEME, theme, 'theme.') : {} };
}
