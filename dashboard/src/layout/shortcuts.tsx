// The keys that work on every page, and the list of all keys that do something now.

import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';

import { session } from '../session';
import { t, type TextKey } from '../texts';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Check } from '../ui/field';
import { KeyboardIcon } from '../ui/icons';
import { listenToKeys, shortcuts, shortcutsOn, switchShortcuts, useShortcut, type Shortcut } from './keyboard';

export { useShortcut };

const PLACES: [string, string, TextKey][] = [
  ['g o', '/', 'nav.overview'],
  ['g e', '/endpoints', 'nav.endpoints'],
  ['g a', '/account-events', 'nav.accountEvents'],
  ['g c', '/event-types', 'nav.eventTypes'],
  ['g k', '/keys', 'nav.keys'],
];

function Place({ keys, path, text }: { keys: string; path: string; text: TextKey }) {
  const [, go] = useLocation();
  useShortcut(keys, t('layout.goTo', { page: t(text) }), () => go(path), { isEverywhere: true });
  return null;
}

function focusSearch(): void {
  const search = document.querySelector<HTMLElement>('main input[type="search"], main [data-search]');
  search?.focus();
  if (search instanceof HTMLInputElement) search.select();
}

function List({ title, of }: { title: string; of: Shortcut[] }) {
  if (of.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <dl class="keys-list">
        {of.map((one) => (
          <div key={one.keys}>
            <dt>
              {one.keys.split(' ').map((key, index) => (
                <kbd key={index}>{key}</kbd>
              ))}
            </dt>
            <dd>{one.description}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

export function Shortcuts() {
  const [isOpen, setOpen] = useState(false);
  const [, go] = useLocation();
  useEffect(listenToKeys, []);
  useShortcut('?', t('nav.shortcuts'), () => setOpen(true), { isEverywhere: true });
  useShortcut('/', t('layout.search'), focusSearch, { isEverywhere: true });
  useShortcut('c', t('layout.create'), () => go('/endpoints/new'), { isEverywhere: true });
  const all = shortcuts.value;
  const places = PLACES.filter(([, path]) => path !== '/keys' || session.kind !== 'portal');
  return (
    <>
      {places.map(([keys, path, text]) => (
        <Place key={keys} keys={keys} path={path} text={text} />
      ))}
      <Button kind="quiet" small icon={<KeyboardIcon />} aria-label={t('nav.shortcuts')} onClick={() => setOpen(true)} />
      <Dialog title={t('nav.shortcuts')} open={isOpen} onClose={() => setOpen(false)}>
        <List title={t('layout.keysHere')} of={all.filter((one) => !one.isEverywhere)} />
        <List title={t('layout.keysEverywhere')} of={all.filter((one) => one.isEverywhere)} />
        <Check label={t('layout.keysOn')} hint={t('layout.keysOnHint')} checked={shortcutsOn.value} onChecked={switchShortcuts} />
      </Dialog>
    </>
  );
}
