// Clerk's own parts, mounted within this page: signing in, and choosing the organisation.

import { useEffect, useRef } from 'preact/hooks';

import { t } from '../texts';
import { Button } from '../ui/button';
import { Skeleton } from '../ui/parts';
import { session } from '.';
import { HOME, hasOrganisations, isRefused, loadAgain, progress, retry } from './clerk';
import { Refusal } from './refusal';

/** This page's colours for Clerk's parts. */
function appearance() {
  const styles = getComputedStyle(document.documentElement);
  const token = (name: string) => styles.getPropertyValue(name).trim();
  return {
    variables: {
      colorPrimary: token('--accent'),
      colorBackground: token('--surface'),
      colorText: token('--text'),
      colorTextSecondary: token('--text-soft'),
      colorInputBackground: token('--surface'),
      colorInputText: token('--text'),
      colorNeutral: token('--text'),
      colorDanger: token('--bad'),
      borderRadius: token('--radius'),
      fontFamily: token('--font'),
    },
  };
}

function NotLoaded({ host }: { host: string | null }) {
  return (
    <div class="note bad" role="alert">
      <p class="grow">{host === null ? t('clerk.badKey') : t('clerk.unloaded', { host })}</p>
      {host !== null && (
        <Button small onClick={loadAgain}>
          {t('common.retry')}
        </Button>
      )}
    </div>
  );
}

function NotAccepted() {
  return (
    <div class="stack">
      <p role="alert">{t('clerk.refused')}</p>
      <Refusal />
      <div class="actions">
        <Button kind="primary" onClick={retry}>
          {t('common.retry')}
        </Button>
        <Button onClick={() => session.signOut()}>{t('nav.signOut')}</Button>
      </div>
    </div>
  );
}

function Mounted({ again }: { again: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const state = progress.value;
  const clerk = state.is === 'ready' ? state.clerk : null;
  useEffect(() => {
    const element = place.current;
    if (!element || !clerk) return;
    const here = location.pathname + location.search;
    clerk.mountSignIn(element, {
      routing: 'hash',
      forceRedirectUrl: here,
      signUpForceRedirectUrl: here,
      // Where the page beneath waits, it stays: whoever signs in elsewhere does so in a window of its own.
      oauthFlow: again ? 'popup' : 'auto',
      appearance: appearance(),
    });
    return () => clerk.unmountSignIn(element);
  }, [clerk, again]);
  return <div ref={place} class="clerk-place" />;
}

export function ClerkSignIn({ again = false }: { again?: boolean }) {
  const state = progress.value;
  return (
    <>
      {!again && <h1 class={state.is === 'ready' && !isRefused.value ? 'hidden-visually' : ''}>{t('signIn.title')}</h1>}
      {state.is === 'loading' && <Skeleton lines={4} />}
      {state.is === 'failed' && <NotLoaded host={state.host} />}
      {state.is === 'ready' && (isRefused.value ? <NotAccepted /> : <Mounted again={again} />)}
    </>
  );
}

/** In the foot of the page: which organisation's webhooks are shown. */
export function OrganisationSwitcher() {
  const place = useRef<HTMLDivElement>(null);
  const state = progress.value;
  const clerk = state.is === 'ready' && hasOrganisations.value ? state.clerk : null;
  useEffect(() => {
    const element = place.current;
    if (!element || !clerk) return;
    clerk.mountOrganizationSwitcher(element, {
      afterSelectOrganizationUrl: HOME,
      afterSelectPersonalUrl: HOME,
      afterCreateOrganizationUrl: HOME,
      afterLeaveOrganizationUrl: HOME,
      appearance: appearance(),
    });
    return () => clerk.unmountOrganizationSwitcher(element);
  }, [clerk]);
  return clerk && <div ref={place} class="clerk-organisation" />;
}
