// The overview of whoever has no endpoint yet: what this is, in three steps, and where to begin.

import './welcome.css';

import { Link } from 'wouter-preact';

import { t } from '../../texts';
import { PlusIcon } from '../../ui/icons';
import { PageHead } from '../../ui/parts';

const STEPS = ['create', 'test', 'watch'] as const;

export function Welcome() {
  return (
    <div class="overview-welcome">
      <PageHead title={t('overview.welcome')} lead={t('overview.welcomeText')} tab={t('nav.overview')} />
      <ol>
        {STEPS.map((step) => (
          <li key={step} class="card">
            <h2>{t(`overview.step.${step}`)}</h2>
            <p class="soft">{t(`overview.step.${step}Text`)}</p>
          </li>
        ))}
      </ol>
      <div class="actions">
        <Link class="button primary large" href="/endpoints/new">
          <PlusIcon /> {t('overview.createFirst')}
        </Link>
        <Link class="button large" href="/event-types">
          {t('overview.seeEvents')}
        </Link>
      </div>
    </div>
  );
}
