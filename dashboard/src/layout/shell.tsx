// What is around every page: the way to all others, and what concerns them all.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';

import { reachable } from '../api/reachable';
import icon from '../icon.svg';
import { session } from '../session';
import { t } from '../texts';
import { Button } from '../ui/button';
import { BellIcon, BookIcon, CatalogueIcon, EndpointIcon, KeyIcon, MoonIcon, OverviewIcon, SignOutIcon, SunIcon } from '../ui/icons';
import { Toasts } from '../ui/toast';
import { Notices } from './notices';
import { Shortcuts } from './shortcuts';
import { SignInAgain } from './sign-in';
import { theme } from './theme';

const PLACES = [
  { path: '/', text: 'nav.overview', Icon: OverviewIcon },
  { path: '/endpoints', text: 'nav.endpoints', Icon: EndpointIcon },
  { path: '/account-events', text: 'nav.accountEvents', Icon: BellIcon },
  { path: '/event-types', text: 'nav.eventTypes', Icon: CatalogueIcon },
  { path: '/keys', text: 'nav.keys', Icon: KeyIcon },
] as const;

/** What is one page: of an endpoint, all that is shown of it. */
const pageOf = (path: string) => path.split('/').slice(0, 3).join('/');

/** With another page, the reader begins at its heading. */
function useFocusOnHeading(path: string): void {
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    scrollTo(0, 0);
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
  }, [path]);
}

export function Shell({ children, embedded = false }: { children: ComponentChildren; embedded?: boolean }) {
  const [path] = useLocation();
  useFocusOnHeading(pageOf(path));
  const Account = session.Account;
  const isDark = theme.mode.value === 'dark';
  const places = PLACES.filter((place) => place.path !== '/keys' || session.kind !== 'portal');
  return (
    <div class={`shell${embedded ? ' embedded' : ''}`}>
      <a class="skip" href="#content">
        {t('nav.skip')}
      </a>
      <header class="side">
        <div class="brand">
          <img src={icon} alt="" />
          <span>{t('nav.label')}</span>
        </div>
        <nav aria-label={t('nav.label')}>
          {places.map(({ path: to, text, Icon }) => {
            const isHere = to === '/' ? path === '/' : path.startsWith(to);
            return (
              <Link key={to} href={to} aria-current={isHere ? 'page' : undefined}>
                <Icon />
                {t(text)}
              </Link>
            );
          })}
        </nav>
        <div class="foot">
          {Account && <Account />}
          {session.access.value === 'read' && (
            <span class="badge mute" title={t('embed.readOnlyHint')}>
              {t('embed.readOnly')}
            </span>
          )}
          {!embedded && (
            <Button
              kind="quiet"
              small
              icon={isDark ? <SunIcon /> : <MoonIcon />}
              aria-label={t(isDark ? 'nav.light' : 'nav.dark')}
              onClick={() => theme.choose(isDark ? 'light' : 'dark')}
            />
          )}
          <Shortcuts />
          {!embedded && (
            <a class="button quiet small square" href="/docs" aria-label={t('nav.docs')} title={t('nav.docs')}>
              <BookIcon />
            </a>
          )}
          {session.canSignOut && <Button kind="quiet" small icon={<SignOutIcon />} aria-label={t('nav.signOut')} onClick={() => session.signOut()} />}
        </div>
      </header>
      <div>
        <div class="bars">
          <div role="status">{reachable.isAway.value && <p class="bar">{t('away.text')}</p>}</div>
          <Notices />
        </div>
        <main class="content" id="content">
          <div class="page">{children}</div>
        </main>
      </div>
      <Toasts />
      <SignInAgain />
    </div>
  );
}
