// The log of an endpoint's deliveries.

import type { EndpointDetail } from '../../../api/client';

export function LogTab({ endpoint }: { endpoint: EndpointDetail }) {
  return <section aria-label={endpoint.url} />;
}
