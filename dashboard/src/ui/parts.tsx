// The small parts that all pages are made of.

import type { ComponentChildren } from 'preact';

import { ApiError } from '../api/client';
import { useTitle } from '../layout/title';
import { hasText, t } from '../texts';
import { Button } from './button';
import { WarningIcon } from './icons';

export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'mute';

/** A word in a colour, for states and outcomes. */
export function Badge({ tone, children, title }: { tone: Tone; children: ComponentChildren; title?: string }) {
  return (
    <span class={`badge ${tone}`} title={title}>
      {children}
    </span>
  );
}

interface PageHeadProps {
  title: ComponentChildren;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  /** What the tab is called, if not like the page. */
  tab?: string;
}

/** A heading of a page with what can be done there. */
export function PageHead({ title, lead, actions, tab }: PageHeadProps) {
  useTitle(tab ?? (typeof title === 'string' ? title : null));
  return (
    <header class="page-head">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {lead && <p class="lead">{lead}</p>}
      </div>
      {actions && <div class="actions">{actions}</div>}
    </header>
  );
}

interface CardProps {
  title?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
  id?: string;
}

export function Card({ title, actions, children, class: extra, id }: CardProps) {
  return (
    <section class={`card ${extra ?? ''}`} id={id}>
      {(title || actions) && (
        <header class="card-head">
          {title && <h2>{title}</h2>}
          {actions && <div class="actions">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** Grey bars where something will be, so that nothing jumps when it comes. */
export function Skeleton({ lines = 3, height }: { lines?: number; height?: number }) {
  return (
    <div class="skeleton" role="status" aria-label={t('common.loading')}>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} style={height ? { height: `${height}px` } : undefined} />
      ))}
    </div>
  );
}

/** What stands where there is nothing yet: what would be here, and how it comes. */
export function Empty({ title, children, action }: { title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/** An error in words, with what to do. */
export function words(error: unknown): string {
  if (!(error instanceof ApiError)) return t('error.unknown');
  const key = `error.${error.code}`;
  return hasText(key) ? t(key, { retryAfter: error.retryAfter ?? 1 }) : error.detail;
}

export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div class="note bad" role="alert">
      <WarningIcon />
      <p>{words(error)}</p>
      {onRetry && (
        <Button small onClick={onRetry}>
          {t('common.retry')}
        </Button>
      )}
    </div>
  );
}

/** A remark in a box. */
export function Note({ tone, icon, children, actions }: { tone: Tone; icon?: ComponentChildren; children: ComponentChildren; actions?: ComponentChildren }) {
  return (
    <div class={`note ${tone}`}>
      {icon}
      <div class="grow">{children}</div>
      {actions && <div class="actions">{actions}</div>}
    </div>
  );
}

/** Names and values. */
export function Facts({ of }: { of: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
