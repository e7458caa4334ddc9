// Whether a webhook is genuine, and at most 5 minutes old.
// body: as it came, not parsed. In Express: express.raw({ type: '*/*' })
import { createHmac, timingSafeEqual } from 'node:crypto';

const TOLERANCE = 5 * 60; // seconds

export function verifyWebhook(body, headers, secret) {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const age = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (age > TOLERANCE) return false;

  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`);
  const expected = Buffer.from('v1,' + mac.update(body).digest('base64'));

  // While a secret is being replaced there are two signatures.
  const signatures = (headers['webhook-signature'] ?? '').split(' ');
  return signatures.some((signature) => {
    const given = Buffer.from(signature);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
