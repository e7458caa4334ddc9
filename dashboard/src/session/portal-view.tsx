// What the embedded page says when there is no session, and to whoever opens it outside a frame.

import { settings } from '../settings';
import { t } from '../texts';
import { Button } from '../ui/button';
import { Code } from '../ui/code';
import { askAgain } from './portal';
import { Refusal } from './refusal';

export function PortalSignIn({ again }: { again?: boolean }) {
  return (
    <div class="stack">
      {!again && <h1>{t('embed.waiting')}</h1>}
      <Refusal />
      <p role="status">{t(settings.portalOrigins.length > 0 ? 'signIn.portal' : 'embed.noOrigins')}</p>
      <Button onClick={askAgain}>{t('embed.ask')}</Button>
    </div>
  );
}

const HTML = `<iframe
  src="${location.origin}/dashboard/embed"
  title="Webhooks"
  allow="clipboard-write"
></iframe>`;

const SCRIPT = `const iframe = document.querySelector('iframe');

addEventListener('message', async ({ source, origin, data }) => {
  if (source !== iframe.contentWindow || origin !== '${location.origin}') return;
  if (data.type === 'rkt-portal.ready' || data.type === 'rkt-portal.session-needed') {
    // Of your backend, which asks POST /api/portal-sessions for it.
    const { token, expiresAt } = await newPortalSession();
    source.postMessage({ type: 'rkt-portal.session', token, expiresAt }, origin);
  }
});`;

/** How it is embedded, for whoever opens the page by itself. */
export function NotFramed() {
  return (
    <main class="sign-in">
      <div class="card stack embed-how">
        <h1>{t('embed.title')}</h1>
        <p>{t('embed.how')}</p>
        <Code text={HTML} label={t('embed.html')} />
        <p>{t('embed.script')}</p>
        <Code text={SCRIPT} label={t('embed.code')} />
        <p>
          <a href="/dashboard">{t('embed.dashboard')}</a>
        </p>
      </div>
    </main>
  );
}
