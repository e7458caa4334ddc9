// An endpoint has just been made: its secret, how to verify, and the first event.

import { useMutation } from '@tanstack/preact-query';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';

import { api, dataOf, type Schemas } from '../../../api/client';
import { VerificationCode } from '../../../snippets';
import { t } from '../../../texts';
import { Button } from '../../../ui/button';
import { CheckIcon, CopyIcon, PlayIcon } from '../../../ui/icons';
import { Card, ErrorNote, PageHead } from '../../../ui/parts';
import { copyText } from '../../../ui/clipboard';
import { say } from '../../../ui/toast';
import { TestAnswer } from './answer';
import { useTestTypes } from './types';

function Step({ number, title, isDone, children }: { number: number; title: string; isDone: boolean; children: ComponentChildren }) {
  return (
    <li class={`created-step${isDone ? ' done' : ''}`}>
      <span class="created-number" aria-hidden="true">
        {isDone ? <CheckIcon size={16} /> : number}
      </span>
      <div class="stack">
        <h2>{title}</h2>
        {children}
      </div>
    </li>
  );
}

export function Created({ endpoint, onAnother }: { endpoint: Schemas['CreatedEndpoint']; onAnother: () => void }) {
  const [isCopied, setCopied] = useState(false);
  const types = useTestTypes(endpoint);
  const [wanted, setType] = useState('');
  const type = wanted || types[0];
  const copy = async () => {
    if (await copyText(endpoint.secret)) setCopied(true);
    else say(t('common.notCopied'), { tone: 'bad' });
  };
  const test = useMutation({
    mutationFn: () =>
      dataOf(api.POST('/api/webhooks-config/{id}/test', { params: { path: { id: endpoint.id } }, body: type ? { event: type } : {} })),
  });
  return (
    <>
      <PageHead title={t('new.made')} lead={t('new.madeLead')} />
      <Card class="new-endpoint">
        <ol class="created">
          <Step number={1} title={t('new.step.secret')} isDone={isCopied}>
            <p>{t('new.step.secretText')}</p>
            <div class="created-secret">
              <code aria-label={t('new.secretLabel')} class="break">
                {endpoint.secret}
              </code>
              <Button kind={isCopied ? 'plain' : 'primary'} small icon={isCopied ? <CheckIcon size={15} /> : <CopyIcon size={15} />} onClick={copy}>
                {isCopied ? t('common.copied') : t('new.copySecret')}
              </Button>
            </div>
          </Step>
          <Step number={2} title={t('new.step.verify')} isDone={false}>
            <details>
              <summary>{t('new.showCode')}</summary>
              <VerificationCode />
            </details>
          </Step>
          <Step number={3} title={t('new.step.test')} isDone={test.data?.succeeded === true}>
            <p>{t('new.step.testText')}</p>
            <div class="row">
              {types.length > 1 && (
                <select aria-label={t('new.testType')} value={type} onChange={(event) => setType(event.currentTarget.value)}>
                  {types.map((name) => (
                    <option key={name}>{name}</option>
                  ))}
                </select>
              )}
              <Button kind={isCopied && !test.data ? 'primary' : 'plain'} icon={<PlayIcon size={15} />} busy={test.isPending} onClick={() => test.mutate()}>
                {t(test.data ? 'new.sendAgain' : 'new.sendTest')}
              </Button>
            </div>
            {test.isError && <ErrorNote error={test.error} />}
            {test.data && <TestAnswer of={test.data} />}
          </Step>
        </ol>
        {!isCopied && <p class="soft">{t('new.leaveWithoutSecret')}</p>}
        <div class="actions">
          <Link class={`button${test.data?.succeeded ? ' primary' : ''}`} href={`/endpoints/${endpoint.id}`}>
            {t('new.seeEndpoint')}
          </Link>
          <Button kind="quiet" onClick={onAnother}>
            {t('new.another')}
          </Button>
        </div>
      </Card>
    </>
  );
}
