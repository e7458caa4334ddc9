// The delivery that a request belongs to, as far as its headers say so.

import { ApiError, type EndpointDetail } from '../../../api/client';
import { settings } from '../../../settings';
import { readDelivery, type ReadDelivery } from '../delivery/queries';
import { compared, type Comparison } from './compare';
import { valueOf, type Headers } from './headers';

export interface Matched {
  of: ReadDelivery;
  /** `null` if the body that was sent is no longer kept. */
  comparison: Comparison | null;
}

/** The id in the header for it; else that of the first delivery of the event to this endpoint, which consists of both their ids. */
function deliveryIdOf(endpoint: EndpointDetail, headers: Headers): string | null {
  const given = valueOf(headers, `${settings.headerPrefix}Delivery`);
  if (given?.startsWith('dlv_')) return given;
  const event = valueOf(headers, 'webhook-id');
  return event?.startsWith('evt_') ? `dlv_${event.slice(4)}_${endpoint.id.slice(3)}` : null;
}

/** `null` if the headers name no delivery of this endpoint. */
export async function matchedBy(endpoint: EndpointDetail, headers: Headers, body: string): Promise<Matched | null> {
  const id = deliveryIdOf(endpoint, headers);
  if (id === null) return null;
  try {
    const of = await readDelivery(endpoint.id, id);
    return { of, comparison: of.sent === null ? null : compared(of.sent, body) };
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) return null;
    throw error;
  }
}
