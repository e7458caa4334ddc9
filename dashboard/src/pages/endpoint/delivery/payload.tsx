// The body that the receiver gets: easy to read, and to copy exactly as it is sent.

import type { EndpointDetail } from '../../../api/client';
import { bytes } from '../../../format/numbers';
import { t } from '../../../texts';
import { CopyButton } from '../../../ui/button';
import { Json } from '../../../ui/code';
import { Note } from '../../../ui/parts';
import { curlOf } from './curl';
import type { ReadDelivery } from './queries';
import { indented } from './raw';

export function Payload({ of: { delivery, sent }, endpoint }: { of: ReadDelivery; endpoint: EndpointDetail }) {
  if (sent === null) {
    const isErased = delivery.error === 'erased' || delivery.attemptLog.some((attempt) => attempt.erased);
    return <Note tone="mute">{t(isErased ? 'delivery.bodyErased' : 'delivery.bodyExpired')}</Note>;
  }
  const size = new TextEncoder().encode(sent).length;
  return (
    <>
      <div class="row">
        <CopyButton text={curlOf(endpoint, delivery, sent)} label={t('delivery.copyCurl')} />
        <CopyButton text={sent} label={t('delivery.copyBody')} />
        <span class="soft number">{bytes(size)}</span>
      </div>
      <Json value={delivery.payload} written={indented(sent)} label={t('delivery.body')} />
      <p class="soft delivery-small">{t(endpoint.headers.length > 0 ? 'delivery.curlHintHeaders' : 'delivery.curlHint')}</p>
    </>
  );
}
