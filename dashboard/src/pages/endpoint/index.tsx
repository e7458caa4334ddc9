import { useQuery } from '@tanstack/preact-query';

import { endpointQuery } from '../../api/queries';
import { PageHead } from '../../ui/parts';

export function EndpointPage({ id }: { id: string }) {
  const endpoint = useQuery(endpointQuery(id));
  return <PageHead title={endpoint.data?.url ?? id} />;
}
