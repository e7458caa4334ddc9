// Signing in with a link that was opened elsewhere, or a token.

import { useState } from 'preact/hooks';

import { t } from '../texts';
import { Button } from '../ui/button';
import { TextField } from '../ui/field';
import { signInWith } from './link';
import { Refusal } from './refusal';

export function LinkForm({ again }: { again?: boolean }) {
  const [text, setText] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        setFault(signInWith(text) ? null : t('embed.noToken'));
      }}
    >
      {!again && <h1>{t('signIn.title')}</h1>}
      <Refusal />
      <p>{t('signIn.link')}</p>
      <TextField label={t('signIn.token')} value={text} onValue={setText} error={fault} type="password" autocomplete="off" spellcheck={false} />
      <Button kind="primary" type="submit">
        {t('signIn.go')}
      </Button>
    </form>
  );
}
