// A delivery, with the body as its receiver gets it, byte for byte.

import { queryOptions } from '@tanstack/preact-query';

import { api, dataOf, type DeliveryDetail } from '../../../api/client';
import { rawMember } from './raw';

export interface ReadDelivery {
  delivery: DeliveryDetail;
  /** The body; `null` if it is no longer kept. */
  sent: string | null;
}

const ENDED: DeliveryDetail['status'][] = ['succeeded', 'exhausted', 'canceled'];

export const isEnded = (status: DeliveryDetail['status']) => ENDED.includes(status);

export async function readDelivery(id: string, deliveryId: string, signal?: AbortSignal): Promise<ReadDelivery> {
  const path = { id, deliveryId };
  const text = await dataOf(api.GET('/api/webhooks-config/{id}/deliveries/{deliveryId}', { params: { path }, parseAs: 'text', signal }));
  return { delivery: JSON.parse(text) as DeliveryDetail, sent: rawMember(text, 'payload') };
}

export const deliveryQuery = (id: string, deliveryId: string) =>
  queryOptions({
    queryKey: ['delivery', id, deliveryId],
    queryFn: ({ signal }) => readDelivery(id, deliveryId, signal),
    refetchInterval: ({ state }) => (state.data && isEnded(state.data.delivery.status) ? false : 5000),
  });
