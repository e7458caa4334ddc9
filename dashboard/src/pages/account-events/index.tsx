import { t } from '../../texts';
import { PageHead } from '../../ui/parts';

export function AccountEventsPage() {
  return <PageHead title={t('nav.accountEvents')} />;
}
