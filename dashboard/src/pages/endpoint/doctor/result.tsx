// What the examination found: the verdict on each signature, what to do, and where the body differs from the one that was sent.

import { Link } from 'wouter-preact';

import type { EndpointDetail, Schemas } from '../../../api/client';
import { bytes, number } from '../../../format/numbers';
import { t, Text } from '../../../texts';
import { CheckIcon, WarningIcon } from '../../../ui/icons';
import { Badge, Card, Note, type Tone } from '../../../ui/parts';
import type { Comparison, Excerpt } from './compare';
import type { Matched } from './matching';

const TONES: Record<Schemas['Verdict'], Tone> = { valid: 'good', invalid: 'bad', absent: 'mute' };

function Line({ name, of }: { name: string; of: Excerpt }) {
  return (
    <div class="doctor-line">
      <dt>{name}</dt>
      <dd>
        <code>
          {of.before}
          <mark>{of.at || t('doctor.end')}</mark>
          {of.after}
        </code>
      </dd>
    </div>
  );
}

function Difference({ of }: { of: Comparison }) {
  if (of.kind === 'same') {
    return (
      <Note tone="good" icon={<CheckIcon />}>
        {t('doctor.same')}
      </Note>
    );
  }
  return (
    <>
      <Note tone="bad" icon={<WarningIcon />}>
        <p>
          <b>{t(of.kind === 'sameJson' ? 'doctor.sameJson' : 'doctor.different')}</b> {t('doctor.firstByte', { byte: number(of.byte) })}
        </p>
      </Note>
      <dl class="doctor-difference">
        <Line name={t('doctor.sent', { size: bytes(of.sentBytes) })} of={of.sent} />
        <Line name={t('doctor.pasted', { size: bytes(of.pastedBytes) })} of={of.pasted} />
      </dl>
      <p class="soft doctor-small">{t('doctor.legend')}</p>
    </>
  );
}

interface ResultProps {
  endpoint: EndpointDetail;
  diagnosis: Schemas['Diagnosis'];
  matched: Matched | null;
}

function Compared({ endpoint, diagnosis, matched }: ResultProps) {
  const isOthers = diagnosis.findings.some(({ code }) => code === 'another_endpoint');
  return (
    <Card title={t('doctor.comparison')}>
      <div class="stack">
        {!matched && <p class="soft">{t(isOthers ? 'doctor.othersDelivery' : 'doctor.noDelivery')}</p>}
        {matched && (
          <p>
            <Text
              k="doctor.belongsTo"
              with={{
                delivery: (
                  <Link class="break" href={`/endpoints/${endpoint.id}/log/${matched.of.delivery.id}`}>
                    {matched.of.delivery.event ?? matched.of.delivery.id}
                  </Link>
                ),
              }}
            />
          </p>
        )}
        {matched && !matched.comparison && <p class="soft">{t('doctor.bodyGone')}</p>}
        {matched?.comparison && <Difference of={matched.comparison} />}
      </div>
    </Card>
  );
}

export function Result({ endpoint, diagnosis, matched }: ResultProps) {
  return (
    <>
      <Card title={t('doctor.verdict')}>
        <div class="stack">
          <Note tone={diagnosis.valid ? 'good' : 'bad'} icon={diagnosis.valid ? <CheckIcon /> : <WarningIcon />}>
            <b>{t(diagnosis.valid ? 'doctor.valid' : 'doctor.invalid')}</b>
          </Note>
          <ul class="doctor-signatures">
            {diagnosis.signatures.map(({ header, verdict }) => (
              <li key={header}>
                <code>{header}</code>
                <Badge tone={TONES[verdict]}>{t(`doctor.verdict.${verdict}`)}</Badge>
              </li>
            ))}
          </ul>
          {diagnosis.findings.length > 0 && (
            <ol class="doctor-findings" aria-label={t('doctor.findings')}>
              {diagnosis.findings.map(({ code, advice }) => (
                <li key={code}>
                  <p>{advice}</p>
                  <code class="soft">{code}</code>
                </li>
              ))}
            </ol>
          )}
        </div>
      </Card>
      <Compared endpoint={endpoint} diagnosis={diagnosis} matched={matched} />
    </>
  );
}
