// What the page says. The words stand in one file for each language and part of the page; English decides which there are.

import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

import en from './en';

export type TextKey = keyof typeof en;
type Texts = Record<TextKey, string>;
type Params = Record<string, string | number>;

/** A text that counts: `<key>_one` and `<key>_other`. */
export type CountedKey = { [K in TextKey]: K extends `${infer Base}_other` ? Base : never }[TextKey];

const languages: Record<string, () => Promise<Texts>> = {
  en: () => Promise.resolve(en),
  de: () => import('./de').then((loaded) => loaded.default),
};

const language = signal('en');
let texts: Texts = en;
let plurals = new Intl.PluralRules('en');

/** The language that is shown, as its tag. */
export { language };

/** Whether there is a language of this name. */
export function hasLanguage(name: string): boolean {
  return Object.hasOwn(languages, name);
}

/** Shows the first of the viewer's languages that there is. */
export async function speakPreferred(): Promise<void> {
  const names = navigator.languages.map((tag) => tag.split('-')[0] ?? tag);
  // English is in the page already; what can't be loaded isn't worth waiting for.
  await speak(names.find(hasLanguage) ?? 'en').catch(() => undefined);
}

/** Shows another language, if there is one of that name. */
export async function speak(name: string): Promise<void> {
  const load = languages[name];
  if (!load || name === language.value) return;
  texts = await load();
  plurals = new Intl.PluralRules(name);
  document.documentElement.lang = name;
  language.value = name;
}

/** What somebody has written, for a place within a sentence: it can't turn the direction of what stands around it. */
function inPlace(value: string | number): string {
  const text = String(value).replace(/[\u202A-\u202E\u2066-\u2069]/g, '');
  return /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC]/.test(text) ? `\u2068${text}\u2069` : text;
}

function filled(text: string, params: Params | undefined): string {
  return params ? text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in params ? inPlace(params[name] ?? '') : whole)) : text;
}

/** The text of this name, with its `{places}` filled. */
export function t(key: TextKey, params?: Params): string {
  return filled(texts[key] ?? en[key], params);
}

/** Whether there is a text of this name: for codes that the API may add. */
export function hasText(key: string): key is TextKey {
  return key in en;
}

/** The text for so many; `{count}` is the number. */
export function tn(key: CountedKey, count: number, params?: Params): string {
  const form = `${key}_${plurals.select(count)}`;
  const chosen = (form in texts ? form : `${key}_other`) as TextKey;
  return t(chosen, { count: new Intl.NumberFormat(language.value).format(count), ...params });
}

/** A text with elements in its `{places}`. */
export function Text({ k, with: parts }: { k: TextKey; with: Record<string, ComponentChildren> }) {
  const pieces = t(k).split(/\{(\w+)\}/);
  return <>{pieces.map((piece, index) => (index % 2 === 0 ? piece : (parts[piece] ?? null)))}</>;
}
