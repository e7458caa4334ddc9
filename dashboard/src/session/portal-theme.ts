// The look that the page around this one asks for, as variables of styles/tokens.css.

import { effect, signal } from '@preact/signals';

import { theme } from '../layout/theme';
import { speak } from '../texts';
import { readable, textOn } from './colour';
import { FONTS, type PortalTheme } from './portal-message';

const BACKGROUNDS = ['--page', '--surface', '--raised', '--sunken'];

const accent = signal<string | null>(null);

function set(name: string, value: string | null): void {
  document.documentElement.style.setProperty(name, value);
}

function showAccent(colour: string): void {
  const styles = getComputedStyle(document.documentElement);
  const token = (name: string) => styles.getPropertyValue(name).trim();
  const full = (hex: string) => (hex.length === 4 ? hex.replace(/[^#]/g, '$&$&') : hex);
  set('--accent', colour);
  set('--on-accent', textOn(colour));
  set('--link', readable(colour, full(token('--text')), BACKGROUNDS.map((name) => full(token(name)))));
}

/** Follows the theme: what can be read differs in the light and in the dark. */
effect(() => {
  if (accent.value && theme.mode.value) showAccent(accent.value);
});

/** Shows what is asked for; what isn't stays as it is. */
export async function apply(wanted: Partial<PortalTheme>): Promise<void> {
  if (wanted.mode) theme.follow(wanted.mode);
  if (wanted.accent) accent.value = wanted.accent;
  if (wanted.radius !== undefined) set('--radius', `${wanted.radius}px`);
  if (wanted.font) set('--font', FONTS[wanted.font]);
  if (wanted.language) {
    await speak(wanted.language).catch(() => console.warn(`the texts of the language ${wanted.language} couldn't be loaded`));
  }
}
