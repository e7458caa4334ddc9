import { t } from '../../texts';
import { PageHead } from '../../ui/parts';

export function KeysPage() {
  return <PageHead title={t('nav.keys')} />;
}
