import { t } from '../../texts';
import { PageHead } from '../../ui/parts';

export function OverviewPage() {
  return <PageHead title={t('nav.overview')} />;
}
