import { t } from '../../texts';
import { PageHead } from '../../ui/parts';

export function EventTypesPage() {
  return <PageHead title={t('nav.eventTypes')} />;
}
