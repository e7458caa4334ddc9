// /dashboard

// Before all others: a token may stand in the address.
import './session/address';

import './styles/index.css';

import { place, start } from './app';
import { theme } from './layout/theme';
import { session } from './session';
import { settings } from './settings';
import { speakPreferred, t } from './texts';

async function begin(): Promise<void> {
  theme.begin();
  await speakPreferred();
  const key = settings.clerkPublishableKey;
  session.use(key ? (await import('./session/clerk')).clerkSource(key) : (await import('./session/link')).linkSource());
  start('/dashboard', false);
}

// Not awaited here: what is loaded later may need what is loaded with this file.
begin().catch(() => {
  place().textContent = t('error.unknown');
});
