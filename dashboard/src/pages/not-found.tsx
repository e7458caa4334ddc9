// An address that leads nowhere.

import { Link } from 'wouter-preact';

import { t } from '../texts';
import { PageHead } from '../ui/parts';

export function NotFoundPage() {
  return (
    <>
      <PageHead title={t('notFound.title')} lead={t('notFound.text')} />
      <p>
        <Link class="button" href="/">
          {t('notFound.home')}
        </Link>
      </p>
    </>
  );
}
