// A test event of a chosen type, and what the receiver answered.

import { useMutation } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';

import '../endpoints/new.css';

import { api, dataOf, type EndpointDetail } from '../../api/client';
import { t } from '../../texts';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { ErrorNote } from '../../ui/parts';
import { TestAnswer } from '../endpoints/created/answer';
import { useTestTypes } from '../endpoints/created/types';

interface TestProps {
  endpoint: EndpointDetail;
  open: boolean;
  onClose: () => void;
}

export function TestDialog({ endpoint, open, onClose }: TestProps) {
  const types = useTestTypes(endpoint, open);
  const [wanted, setType] = useState('');
  const type = wanted || types[0];
  const test = useMutation({
    mutationFn: () =>
      dataOf(api.POST('/api/webhooks-config/{id}/test', { params: { path: { id: endpoint.id } }, body: type ? { event: type } : {} })),
  });
  const close = () => {
    test.reset();
    onClose();
  };
  return (
    <Dialog
      title={t('endpoint.testTitle')}
      open={open}
      onClose={close}
      actions={
        <>
          {test.data && (
            <Link class="button" href={`/endpoints/${endpoint.id}/log/${test.data.deliveryId}`} onClick={close}>
              {t('endpoint.seeTest')}
            </Link>
          )}
          <Button kind="primary" busy={test.isPending} onClick={() => test.mutate()}>
            {t(test.data ? 'new.sendAgain' : 'new.sendTest')}
          </Button>
        </>
      }
    >
      <p>{t('new.step.testText')}</p>
      {types.length > 1 && (
        <Field label={t('new.testType')}>
          {(attributes) => (
            <select {...attributes} value={type} onChange={(event) => setType(event.currentTarget.value)}>
              {types.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </Field>
      )}
      {test.isError && <ErrorNote error={test.error} />}
      {test.data && <TestAnswer of={test.data} />}
    </Dialog>
  );
}
