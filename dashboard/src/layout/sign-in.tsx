// Signing in, and signing in again while the page beneath stays as it was. How that goes is a matter of the source of tokens.

import { session } from '../session';
import { t } from '../texts';
import { Dialog } from '../ui/dialog';

/** The whole page of whoever isn't signed in yet. */
export function SignIn() {
  const Form = session.SignIn;
  return (
    <main class="sign-in">
      <div class="card stack">{Form && <Form />}</div>
    </main>
  );
}

/** Over the page, when the session has ended. */
export function SignInAgain() {
  const Form = session.SignIn;
  return (
    <Dialog title={t('signIn.again')} open={session.ended.value && session.started.value}>
      <p>{t('signIn.kept')}</p>
      {Form && <Form again />}
    </Dialog>
  );
}
