// Dialogs: of Ariakit, which keeps the focus where it belongs.

import * as Ariakit from '@ariakit/react';
import type { ComponentChildren } from 'preact';

import { t } from '../texts';
import { Button } from './button';
import { CloseIcon } from './icons';

interface DialogProps {
  title: string;
  open: boolean;
  /** Without it, only what it asks for closes it. */
  onClose?: () => void;
  children: ComponentChildren;
  /** What can be done, at the end. */
  actions?: ComponentChildren;
  wide?: boolean;
}

/** What was said at the edge of the page can be read and put away over a dialog, too. */
const toasts = () => document.querySelectorAll('.toasts');

export function Dialog({ title, open, onClose, children, actions, wide }: DialogProps) {
  return (
    <Ariakit.Dialog
      open={open}
      onClose={onClose}
      backdrop={<div class="backdrop" />}
      getPersistentElements={toasts}
      unmountOnHide
      class={`dialog${wide ? ' wide' : ''}`}
    >
      {/* There is a button that closes it: Ariakit's own one, hidden, would speak English. */}
      <header class="card-head" data-dialog-dismiss>
        <Ariakit.DialogHeading>{title}</Ariakit.DialogHeading>
        {onClose && <Button kind="quiet" small icon={<CloseIcon />} aria-label={t('common.close')} onClick={onClose} />}
      </header>
      <div class="dialog-body">{children}</div>
      {actions && <footer class="dialog-foot">{actions}</footer>}
    </Ariakit.Dialog>
  );
}
