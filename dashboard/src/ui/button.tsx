// Buttons, and what copies a text.

import type { ComponentChildren, JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';

import { t } from '../texts';
import { copyText } from './clipboard';
import { CheckIcon, CopyIcon } from './icons';
import { say } from './toast';

type Kind = 'primary' | 'plain' | 'quiet' | 'danger';

interface ButtonProps extends Omit<JSX.HTMLAttributes<HTMLButtonElement>, 'icon' | 'size'> {
  kind?: Kind;
  icon?: ComponentChildren;
  small?: boolean;
  /** Something is under way: it can't be pressed again, and keeps its width. */
  busy?: boolean;
  type?: 'button' | 'submit';
  disabled?: boolean;
  form?: string;
}

export function Button({ kind = 'plain', icon, small, busy, type = 'button', disabled, children, class: extra, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      class={`button ${kind}${small ? ' small' : ''}${children ? '' : ' square'} ${extra ?? ''}`}
      disabled={disabled}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : rest.onClick}
    >
      {icon}
      {children}
    </button>
  );
}

/** Copies a text, and says so. */
export function CopyButton({ text, label, small = true }: { text: string; label?: string; small?: boolean }) {
  const [isCopied, setCopied] = useState(false);
  const timer = useRef<number>(0);
  const copy = async () => {
    if (!(await copyText(text))) return say(t('common.notCopied'), { tone: 'bad' });
    setCopied(true);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setCopied(false), 2000);
  };
  return (
    <Button small={small} kind="plain" icon={isCopied ? <CheckIcon size={15} /> : <CopyIcon size={15} />} onClick={copy}>
      <span aria-live="polite">{isCopied ? t('common.copied') : (label ?? t('common.copy'))}</span>
    </Button>
  );
}
