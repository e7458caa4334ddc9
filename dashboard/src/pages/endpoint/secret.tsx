// A new secret, and how long the old one goes on signing beside it.

import { useMutation } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';

import '../endpoints/new.css';

import { api, dataOf, type EndpointDetail } from '../../api/client';
import { endpointsChanged } from '../../api/queries';
import { At, relative, useNow } from '../../format/time';
import { settings } from '../../settings';
import { t, Text } from '../../texts';
import { Button, CopyButton } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Choice, Field } from '../../ui/field';
import { Card, ErrorNote, Note } from '../../ui/parts';
import { VerificationCode } from '../../snippets';

/** How long the previous secret may go on signing (h). */
const GRACES = ['0', '1', '24', '72', '168'] as const;

export function Secret({ endpoint }: { endpoint: EndpointDetail }) {
  const [isOpen, setOpen] = useState(false);
  const now = useNow();
  const rotation = endpoint.secretRotation;
  return (
    <Card
      title={t('endpoint.secret')}
      actions={
        <Button kind="danger" onClick={() => setOpen(true)}>
          {t('endpoint.rotate')}
        </Button>
      }
    >
      <div class="stack">
        <p class="soft">{t('endpoint.secretText')}</p>
        {rotation && (
          <Note tone="info">
            <p>
              <Text k="endpoint.graceEnds" with={{ at: <At at={rotation.previousSecretValidUntil} />, in: relative(rotation.previousSecretValidUntil, now) }} />
            </p>
          </Note>
        )}
        <details>
          <summary>{t('new.showCode')}</summary>
          <VerificationCode />
        </details>
      </div>
      <RotateDialog endpoint={endpoint} open={isOpen} onClose={() => setOpen(false)} />
    </Card>
  );
}

function RotateDialog({ endpoint, open, onClose }: { endpoint: EndpointDetail; open: boolean; onClose: () => void }) {
  const [graceHours, setGrace] = useState<string>('24');
  const [legacy, setLegacy] = useState<'new' | 'previous'>('new');
  const rotate = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST('/api/webhooks-config/{id}/rotate-secret', {
          params: { path: { id: endpoint.id }, header: { 'If-Match': endpoint.etag } },
          body: { graceHours: Number(graceHours), legacySignature: legacy, ...(endpoint.secretRotation ? { force: true } : {}) },
        }),
      ),
    onSettled: endpointsChanged,
  });
  const close = () => {
    rotate.reset();
    onClose();
  };
  if (rotate.data) {
    return (
      <Dialog title={t('endpoint.newSecret')} open={open} actions={<Button onClick={close}>{t('endpoint.secretStored')}</Button>}>
        <p>{t('new.step.secretText')}</p>
        <div class="created-secret">
          <code class="break" aria-label={t('new.secretLabel')}>
            {rotate.data.secret}
          </code>
          <CopyButton text={rotate.data.secret} label={t('new.copySecret')} />
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog
      title={t('endpoint.rotate')}
      open={open}
      onClose={close}
      actions={
        <>
          <Button onClick={close}>{t('common.cancel')}</Button>
          <Button kind="danger" busy={rotate.isPending} onClick={() => rotate.mutate()}>
            {t('endpoint.rotateNow')}
          </Button>
        </>
      }
    >
      <p>{t('endpoint.rotateText')}</p>
      {endpoint.secretRotation && (
        <Note tone="warn">
          <p>{t('endpoint.rotateForce')}</p>
        </Note>
      )}
      <Field label={t('endpoint.grace')} hint={t('endpoint.graceHint')}>
        {(attributes) => (
          <select {...attributes} value={graceHours} onChange={(event) => setGrace(event.currentTarget.value)}>
            {GRACES.map((hours) => (
              <option key={hours} value={hours}>
                {t(`endpoint.grace.${hours}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {graceHours !== '0' && (
        <Choice
          label={t('endpoint.legacy', { header: `${settings.headerPrefix}Signature` })}
          value={legacy}
          onValue={setLegacy}
          of={[
            ['new', t('endpoint.legacyNew')],
            ['previous', t('endpoint.legacyPrevious')],
          ]}
        />
      )}
      {rotate.isError && <ErrorNote error={rotate.error} />}
    </Dialog>
  );
}
