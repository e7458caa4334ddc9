// The signature doctor: somebody pastes a request as their server saw it, and learns why its signature isn't accepted there.

import { useMutation } from '@tanstack/preact-query';
import { useEffect, useRef, useState } from 'preact/hooks';

import './doctor.css';

import { api, ApiError, dataOf, faultOf, type EndpointDetail } from '../../../api/client';
import { useNow } from '../../../format/time';
import { settings } from '../../../settings';
import { t, tn } from '../../../texts';
import { Button } from '../../../ui/button';
import { Field } from '../../../ui/field';
import { ShieldIcon } from '../../../ui/icons';
import { Card, Empty, ErrorNote } from '../../../ui/parts';
import { BodyField, type Body } from './body-field';
import { FromTest } from './from-test';
import { headersOf } from './headers';
import { matchedBy } from './matching';
import { Result } from './result';

interface Draft {
  headers: string;
  body: Body;
}

/** What was typed for each endpoint: it is there again after one has looked at something else. */
const drafts = new Map<string, Draft>();
const EMPTY: Draft = { headers: '', body: { text: '', kept: null } };

/** The button; after a refusal that ends by itself it counts down until it can be pressed again. */
function Examine({ error, isBusy }: { error: unknown; isBusy: boolean }) {
  const since = useRef(Date.now());
  useEffect(() => void (since.current = Date.now()), [error]);
  const now = useNow(500);
  const rest = error instanceof ApiError && error.status === 429 ? Math.ceil((error.retryAfter ?? 1) - (now - since.current) / 1000) : 0;
  return (
    <Button kind="primary" type="submit" icon={<ShieldIcon size={16} />} busy={isBusy} disabled={rest > 0}>
      {rest > 0 ? tn('doctor.examineIn', rest) : t('doctor.examine')}
    </Button>
  );
}

export function DoctorTab({ endpoint }: { endpoint: EndpointDetail }) {
  const [draft, setDraft] = useState(() => drafts.get(endpoint.id) ?? EMPTY);
  const [isMissing, setMissing] = useState(false);
  const headers = headersOf(draft.headers);
  const count = Object.keys(headers).length;
  const put = (change: Partial<Draft>) => {
    const next = { ...draft, ...change };
    drafts.set(endpoint.id, next);
    setDraft(next);
    setMissing(false);
  };
  const examine = useMutation({
    mutationFn: async () => {
      const body = draft.body.text;
      const params = { path: { id: endpoint.id } };
      const diagnosis = await dataOf(api.POST('/api/webhooks-config/{id}/verify', { params, body: { headers, body } }));
      return { diagnosis, matched: await matchedBy(endpoint, headers, body) };
    },
  });
  const headersFault = isMissing ? t('doctor.headersMissing') : draft.headers.trim() && count === 0 ? t('doctor.headersUnread') : faultOf(examine.error, 'headers');
  const bodyFault = faultOf(examine.error, 'body');
  return (
    <div class="doctor">
      <Card title={t('doctor.title')} actions={<FromTest endpoint={endpoint} onFound={(found, text) => put({ headers: found, body: { text, kept: null } })} />}>
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (count === 0) setMissing(true);
            else examine.mutate();
          }}
        >
          <p class="soft">{t('doctor.lead')}</p>
          <Field label={t('doctor.headers')} error={headersFault} hint={count > 0 ? tn('doctor.headersRead', count) : t('doctor.headersHint')}>
            {(attributes) => (
              <textarea
                {...attributes}
                rows={7}
                spellcheck={false}
                autocomplete="off"
                placeholder={t('doctor.headersExample', { prefix: settings.headerPrefix })}
                value={draft.headers}
                onInput={(event) => put({ headers: event.currentTarget.value })}
              />
            )}
          </Field>
          <BodyField value={draft.body} onValue={(body) => put({ body })} error={bodyFault} />
          <div class="row">
            <Examine error={examine.error} isBusy={examine.isPending} />
            <span class="soft doctor-small">{t('doctor.nothingStored')}</span>
          </div>
          {examine.isError && !headersFault && !bodyFault && <ErrorNote error={examine.error} />}
        </form>
      </Card>
      <div class="stack doctor-result" aria-live="polite">
        {examine.data ? (
          <Result endpoint={endpoint} {...examine.data} />
        ) : (
          <Card>
            <Empty title={t('doctor.empty')}>{t('doctor.emptyText')}</Empty>
          </Card>
        )}
      </div>
    </div>
  );
}
