import { t } from '../../texts';
import { PageHead } from '../../ui/parts';

export function NewEndpointPage() {
  return <PageHead title={t('nav.endpoints')} />;
}
