// What was done, said at the edge of the page; where it can be undone, with a button for that.

import { signal } from '@preact/signals';

import { t } from '../texts';
import { Button } from './button';
import { CloseIcon } from './icons';
import { words, type Tone } from './parts';

interface Toast {
  id: number;
  tone: Tone;
  text: string;
  undo?: () => void;
  /** What has been changed, if it can be undone: once it is changed again, this can't be. */
  subject?: string;
  /** Leads to what it is about. */
  href?: string;
}

const shown = signal<Toast[]>([]);
let last = 0;

function drop(id: number): void {
  shown.value = shown.value.filter((one) => one.id !== id);
}

/** Says something. It goes by itself after a while, unless it is bad news. */
export function say(text: string, { tone = 'good', ...options }: Partial<Omit<Toast, 'id' | 'text'>> = {}): void {
  const toast: Toast = { id: ++last, tone, text, ...options };
  shown.value = [...shown.value.slice(-3), toast];
  if (tone !== 'bad') setTimeout(() => drop(toast.id), options.undo ? 10_000 : 5_000);
}

/** What was done with it is past: it is being changed again, and taking back what came before would take back both. */
export function pastUndoing(subject: string): void {
  shown.value = shown.value.map((one) => (one.subject === subject ? { ...one, undo: undefined } : one));
}

/** Says what went wrong. */
export function sayError(error: unknown): void {
  say(words(error), { tone: 'bad' });
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.value.map((toast) => (
        <div key={toast.id} class={`toast ${toast.tone}`}>
          <span class="grow">{toast.href ? <a href={toast.href}>{toast.text}</a> : toast.text}</span>
          {toast.undo && (
            <Button
              small
              onClick={() => {
                toast.undo?.();
                drop(toast.id);
              }}
            >
              {t('common.undo')}
            </Button>
          )}
          <Button kind="quiet" small icon={<CloseIcon size={15} />} aria-label={t('common.close')} onClick={() => drop(toast.id)} />
        </div>
      ))}
    </div>
  );
}
