// A command for a shell that sends a delivery's body as it was sent. Signatures are left out: they are made with a secret that no page
// has. So are the values of the endpoint's own headers.

import type { DeliveryDetail, EndpointDetail } from '../../../api/client';
import { settings } from '../../../settings';

/** Linux takes no longer argument than 128 KiB: a longer body goes through a pipe. */
const LONGEST_ARGUMENT = 100_000;

/** A word of a shell that means this text, whatever stands in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export function curlOf(endpoint: EndpointDetail, delivery: DeliveryDetail, sent: string): string {
  const prefix = settings.headerPrefix;
  const headers = [
    'Content-Type: application/json',
    `webhook-id: ${delivery.eventId}`,
    ...(delivery.event ? [`${prefix}Event: ${delivery.event}`] : []),
    `${prefix}Delivery: ${delivery.id}`,
    `${prefix}Attempt: ${Math.max(1, delivery.attempts)}`,
    ...(delivery.replayOf ? [`${prefix}Replay: true`] : []),
    ...(delivery.test ? [`${prefix}Test: true`] : []),
    ...endpoint.headers.map((name) => `${name}: …`),
  ];
  const isLong = new TextEncoder().encode(sent).length > LONGEST_ARGUMENT;
  const lines = [
    `curl --globoff --request POST ${quoted(endpoint.url)}`,
    ...headers.map((header) => `--header ${quoted(header)}`),
    `--data-binary ${isLong ? '@-' : quoted(sent)}`,
  ];
  return (isLong ? `printf %s ${quoted(sent)} | ` : '') + lines.join(' \\\n  ');
}
