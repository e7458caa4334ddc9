// What the tab is called: the page's title, with a mark while there is a notice that nobody has seen.

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { t } from '../texts';

const title = signal<string | null>(null);

/** Whether the tab carries the mark. */
export const isMarked = signal(false);

function show(): void {
  const name = title.value ? t('layout.title', { page: title.value }) : t('nav.label');
  document.title = isMarked.value ? `● ${name}` : name;
}

title.subscribe(show);
isMarked.subscribe(show);

/** Names the tab after the page. */
export function useTitle(name: string | null): void {
  useEffect(() => {
    if (name !== null) title.value = name;
  }, [name]);
}
