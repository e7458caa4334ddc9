// The fields of an endpoint: where, which events, and more for those who want more. Used for a new one, and for one that is there.

import { useQuery } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';

import './subscription.css';

import { faultOf } from '../../../api/client';
import { eventTypesQuery } from '../../../api/queries';
import { t } from '../../../texts';
import { Check, Field, TextField } from '../../../ui/field';
import { Badge } from '../../../ui/parts';
import { useCheck, type Sample } from './check';
import { Events } from './events';
import { Filters, Headers } from './rows';
import type { Subscription } from './value';

interface SubscriptionFormProps {
  value: Subscription;
  onValue: (value: Subscription) => void;
  /** What the server said when it was sent. */
  error: unknown;
}

/** The data of a sample, as it is edited. */
function dataOf(sample: unknown): string {
  const data = typeof sample === 'object' && sample !== null && 'data' in sample ? sample.data : sample;
  return JSON.stringify(data, null, 2);
}

function TrySample({ sample, onSample, matches, isJson }: { sample: Sample; onSample: (sample: Sample) => void; matches: boolean | null; isJson: boolean }) {
  const types = useQuery(eventTypesQuery());
  const choose = (event: string) => {
    const type = types.data?.eventTypes.find((one) => one.name === event);
    if (type) onSample({ event, data: dataOf(type.sample) });
  };
  return (
    <div class="subscription-try">
      <div class="row">
        <strong>{t('new.try')}</strong>
        <select aria-label={t('new.tryEvent')} value={sample.event} onChange={(event) => choose(event.currentTarget.value)}>
          {types.data?.eventTypes.filter((type) => !type.accountEvent).map((type) => (
            <option key={type.name}>{type.name}</option>
          ))}
        </select>
        <span aria-live="polite">
          {matches !== null && <Badge tone={matches ? 'good' : 'mute'}>{t(matches ? 'new.wouldMatch' : 'new.wouldNotMatch')}</Badge>}
        </span>
      </div>
      <Field label={t('new.tryData')} error={isJson ? null : t('new.notJson')}>
        {(attributes) => (
          <textarea {...attributes} rows={8} spellcheck={false} value={sample.data} onInput={(event) => onSample({ ...sample, data: event.currentTarget.value })} />
        )}
      </Field>
    </div>
  );
}

export function SubscriptionForm({ value, onValue, error }: SubscriptionFormProps) {
  const set = (part: Partial<Subscription>) => onValue({ ...value, ...part });
  const types = useQuery(eventTypesQuery());
  const [edited, setSample] = useState<Sample | null>(null);
  const wanted = value.events.find((name) => name !== '*');
  const first = types.data?.eventTypes.find((type) => !type.accountEvent && (!wanted || type.name === wanted)) ?? types.data?.eventTypes[0];
  // Until somebody chooses or writes another one, it is of what is chosen above.
  const sample = edited ?? (first ? { event: first.name, data: dataOf(first.sample) } : null);
  const check = useCheck(value, value.filters.length > 0 ? sample : null);
  const fault = (field: string) => faultOf(check.error, field) ?? faultOf(error, field);
  const hasMore = value.chatbots !== '' || value.filters.length > 0 || value.headers.length > 0 || value.rateLimit !== '' || value.autoResume;
  const [isOpen, setOpen] = useState(hasMore);
  return (
    <div class="subscription">
      <TextField
        label={t('new.url')}
        type="url"
        placeholder="https://example.com/webhooks"
        autocomplete="off"
        spellcheck={false}
        value={value.url}
        onValue={(url) => set({ url })}
        error={fault('url')}
        hint={check.isUrlGood ? <span class="subscription-good">{t('new.urlGood')}</span> : t('new.urlHint')}
      />
      <Events chosen={value.events} onChosen={(events) => set({ events })} error={faultOf(error, 'events')} />
      <TextField label={t('new.description')} maxLength={500} value={value.description} onValue={(description) => set({ description })} error={fault('description')} hint={t('new.descriptionHint')} />
      <details class="subscription-more" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{t('new.more')}</summary>
        <div class="stack">
          <TextField label={t('new.chatbots')} value={value.chatbots} onValue={(chatbots) => set({ chatbots })} error={fault('chatbotIds') ?? fault('chatbotId')} hint={t('new.chatbotsHint')} placeholder="cmf9n7u1c, cmf9n7u1d" spellcheck={false} />
          <Filters rows={value.filters} onRows={(filters) => set({ filters })} fault={fault} />
          {value.filters.length > 0 && sample && <TrySample sample={sample} onSample={setSample} matches={check.matches} isJson={check.isSampleJson} />}
          <Headers rows={value.headers} onRows={(headers) => set({ headers })} fault={fault} />
          <TextField label={t('new.rateLimit')} type="number" min={1} max={1000} value={value.rateLimit} onValue={(rateLimit) => set({ rateLimit })} error={fault('rateLimit')} hint={t('new.rateLimitHint')} />
          <Check label={t('new.autoResume')} hint={t('new.autoResumeHint')} checked={value.autoResume} onChecked={(autoResume) => set({ autoResume })} />
        </div>
      </details>
    </div>
  );
}
