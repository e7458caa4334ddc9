// Formats of a language, made once: making one takes longer than many uses of it.

import { language } from '../texts';

const made = new Map<string, unknown>();

function once<T>(kind: string, options: object, make: () => T): T {
  const key = `${kind} ${language.value} ${JSON.stringify(options)}`;
  const known = made.get(key) as T | undefined;
  if (known) return known;
  const format = make();
  made.set(key, format);
  return format;
}

export const numberFormat = (options: Intl.NumberFormatOptions = {}) =>
  once('number', options, () => new Intl.NumberFormat(language.value, options));

export const dateFormat = (options: Intl.DateTimeFormatOptions) =>
  once('date', options, () => new Intl.DateTimeFormat(language.value, options));

export const relativeFormat = (options: Intl.RelativeTimeFormatOptions) =>
  once('relative', options, () => new Intl.RelativeTimeFormat(language.value, options));
