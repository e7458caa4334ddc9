// An address that leads nowhere.

import { Link } from 'wouter-preact';

import { t } from '../texts';
import { Empty } from '../ui/parts';

export function NotFoundPage() {
  return (
    <Empty
      title={t('notFound.title')}
      action={
        <Link class="button" href="/">
          {t('notFound.home')}
        </Link>
      }
    >
      {t('notFound.text')}
    </Empty>
  );
}
