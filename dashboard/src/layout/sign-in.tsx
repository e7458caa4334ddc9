// Signing in, and signing in again while the page beneath stays as it was.

import { useState } from 'preact/hooks';

import { session } from '../session';
import { signInWith } from '../session/link';
import { t } from '../texts';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { TextField } from '../ui/field';

function LinkForm() {
  const [text, setText] = useState('');
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) signInWith(text);
      }}
    >
      <p>{t('signIn.link')}</p>
      <TextField label={t('signIn.token')} value={text} onValue={setText} type="password" autocomplete="off" spellcheck={false} />
      <Button kind="primary" type="submit">
        {t('signIn.go')}
      </Button>
    </form>
  );
}

function Form() {
  if (session.kind === 'portal') return <p role="status">{t('signIn.portal')}</p>;
  return <LinkForm />;
}

/** The whole page of whoever isn't signed in yet. */
export function SignIn() {
  return (
    <main class="sign-in">
      <div class="card stack">
        <h1>{t('signIn.title')}</h1>
        <Form />
      </div>
    </main>
  );
}

/** Over the page, when the session has ended. */
export function SignInAgain() {
  return (
    <Dialog title={t('signIn.again')} open={session.ended.value && session.started.value} onClose={() => undefined}>
      <p>{t('signIn.kept')}</p>
      <Form />
    </Dialog>
  );
}
