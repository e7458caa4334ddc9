// What the sentences about an endpoint are made of: a box in the colour of how bad it is, what fails most, and links to where more stands.

import type { ComponentChildren } from 'preact';
import { Link } from 'wouter-preact';

import type { EndpointDetail } from '../../api/client';
import { number } from '../../format/numbers';
import { tn } from '../../texts';
import { Advice } from '../../ui/advice';
import { WarningIcon } from '../../ui/icons';
import { Note, type Tone } from '../../ui/parts';

export function Sentence({ tone, children, actions }: { tone: Tone; children: ComponentChildren; actions?: ComponentChildren }) {
  const icon = tone === 'bad' || tone === 'warn' ? <WarningIcon /> : undefined;
  return (
    <Note tone={tone} icon={icon} actions={actions}>
      <div class="endpoint-sentences">{children}</div>
    </Note>
  );
}

interface PartLinkProps {
  id: string;
  part: 'log' | 'settings' | 'doctor';
  query?: string;
  children: ComponentChildren;
}

export function PartLink({ id, part, query, children }: PartLinkProps) {
  return (
    <Link class="button small" href={`/endpoints/${id}/${part}${query ? `?${query}` : ''}`}>
      {children}
    </Link>
  );
}

/** What goes wrong most, and what to do about it. */
export function TopFailure({ endpoint }: { endpoint: EndpointDetail }) {
  const { topFailure, sampledAttempts, heldAttempts } = endpoint.health;
  if (!topFailure) return null;
  const of = number(sampledAttempts + heldAttempts);
  return (
    <p>
      <Advice text={topFailure.advice} /> <span class="soft">{tn('endpoint.topFailure', topFailure.count, { of })}</span>
    </p>
  );
}
