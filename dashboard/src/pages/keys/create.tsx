// Making a key, and showing it the only time that it is shown.

import { useState } from 'preact/hooks';

import { faultOf, type Schemas } from '../../api/client';
import { day } from '../../format/time';
import { t } from '../../texts';
import { Button, CopyButton } from '../../ui/button';
import { Code } from '../../ui/code';
import { Dialog } from '../../ui/dialog';
import { Field, TextField } from '../../ui/field';
import { WarningIcon } from '../../ui/icons';
import { ErrorNote, Note } from '../../ui/parts';
import { useCreateKey } from './queries';
import { NO_RIGHTS, Scopes, scopesOf, type Preset } from './scopes';

const EXPIRIES = ['never', '30', '90', '365'] as const;
const DAY = 86_400_000;

const after = (days: string) => new Date(Date.now() + Number(days) * DAY);

function Form({ onCreated, onCancel }: { onCreated: (key: Schemas['CreatedApiKey']) => void; onCancel: () => void }) {
  const [name, setName] = useState('');
  const [preset, setPreset] = useState<Preset>('automation');
  const [rights, setRights] = useState(NO_RIGHTS);
  const [expiry, setExpiry] = useState<(typeof EXPIRIES)[number]>('never');
  const [wasTried, setTried] = useState(false);
  const create = useCreateKey();
  const scopes = scopesOf(preset, rights);
  const nameFault = faultOf(create.error, 'name') ?? (wasTried && !name.trim() ? t('keys.nameMissing') : null);
  const scopesFault = faultOf(create.error, 'scopes') ?? (wasTried && scopes.length === 0 ? t('keys.scopesMissing') : null);
  const submit = (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (!name.trim() || scopes.length === 0) return;
    const expiresAt = expiry === 'never' ? undefined : after(expiry).toISOString();
    create.mutate({ name: name.trim(), scopes, expiresAt }, { onSuccess: onCreated });
  };
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <TextField label={t('keys.name')} hint={t('keys.nameHint')} error={nameFault} value={name} onValue={setName} maxLength={100} autocomplete="off" />
      <Scopes preset={preset} rights={rights} onPreset={setPreset} onRights={setRights} error={scopesFault} />
      <Field label={t('keys.expiry')} hint={expiry === 'never' ? t('keys.neverHint') : t('keys.expiryHint', { day: day(after(expiry)) })}>
        {(attributes) => (
          <select {...attributes} value={expiry} onChange={(event) => setExpiry(event.currentTarget.value as typeof expiry)}>
            {EXPIRIES.map((one) => (
              <option key={one} value={one}>
                {t(`keys.expiry.${one}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {create.isError && !nameFault && !scopesFault && <ErrorNote error={create.error} />}
      <div class="dialog-foot">
        <Button onClick={onCancel}>{t('common.cancel')}</Button>
        <Button kind="primary" type="submit" busy={create.isPending}>
          {t('keys.make')}
        </Button>
      </div>
    </form>
  );
}

function Made({ made, onDone }: { made: Schemas['CreatedApiKey']; onDone: () => void }) {
  const call = `curl ${location.origin}/api/webhooks-config \\\n  -H 'Authorization: Bearer ${made.key}'`;
  return (
    <>
      <Note tone="warn" icon={<WarningIcon />}>
        {t('keys.onlyOnce')}
      </Note>
      <div class="keys-secret">
        <code aria-label={t('keys.theKey')}>{made.key}</code>
        <CopyButton text={made.key} label={t('keys.copy')} small={false} />
      </div>
      <p class="soft">{t('keys.useIt')}</p>
      <Code text={call} label={t('keys.example')} />
      <div class="dialog-foot">
        <Button kind="primary" onClick={onDone}>
          {t('keys.saved')}
        </Button>
      </div>
    </>
  );
}

export function CreateKey({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [made, setMade] = useState<Schemas['CreatedApiKey'] | null>(null);
  const close = () => {
    setMade(null);
    onClose();
  };
  // A key that is shown only once isn't lost by a press beside the dialog.
  return (
    <Dialog title={made ? t('keys.madeTitle') : t('keys.create')} open={open} onClose={made ? undefined : close}>
      {made ? <Made made={made} onDone={close} /> : <Form onCreated={setMade} onCancel={close} />}
    </Dialog>
  );
}
