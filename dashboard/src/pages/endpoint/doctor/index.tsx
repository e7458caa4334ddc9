// The signature doctor.

import type { EndpointDetail } from '../../../api/client';

export function DoctorTab({ endpoint }: { endpoint: EndpointDetail }) {
  return <section aria-label={endpoint.url} />;
}
