// What somebody types of an endpoint, and what the API makes of it.

import type { Endpoint, Schemas } from '../../../api/client';

export type Operator = 'equals' | 'prefix' | 'in' | 'exists' | 'absent';

export interface FilterRow {
  pointer: string;
  operator: Operator;
  value: string;
}

export interface HeaderRow {
  name: string;
  /** `null`: it is there already, with a value that nobody sees. */
  value: string | null;
}

export interface Subscription {
  url: string;
  description: string;
  events: string[];
  chatbots: string;
  filters: FilterRow[];
  headers: HeaderRow[];
  rateLimit: string;
  autoResume: boolean;
}

export const EMPTY: Subscription = {
  url: '',
  description: '',
  events: [],
  chatbots: '',
  filters: [],
  headers: [],
  rateLimit: '',
  autoResume: false,
};

type FilterValue = string | number | boolean | null;

/** `42`, `true` and `null` are what they look like; everything else is text, also within quotes. */
function valueOf(text: string): FilterValue {
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed === null || ['string', 'number', 'boolean'].includes(typeof parsed)) return parsed as FilterValue;
  } catch {
    // It is text as it stands.
  }
  return text;
}

function textOf(value: unknown): string {
  return typeof value === 'string' && valueOf(value) === value ? value : JSON.stringify(value);
}

/** Values with commas between them. A text that has a comma itself stands within quotes. */
function valuesOf(text: string): FilterValue[] {
  return (text.match(/"(?:[^"\\]|\\.)*"|[^\s,"][^,]*/g) ?? []).map((piece) => valueOf(piece.trim()));
}

function listText(values: readonly unknown[]): string {
  return values.map((value) => (typeof value === 'string' && /[,"]|^\s|\s$|^$/.test(value) ? JSON.stringify(value) : textOf(value))).join(', ');
}

function filterOf({ pointer, operator, value }: FilterRow): Schemas['Filter'] {
  switch (operator) {
    case 'equals':
      return { pointer, equals: valueOf(value) as string };
    case 'prefix':
      return { pointer, prefix: value };
    case 'in':
      return { pointer, in: valuesOf(value) as string[] };
    default:
      return { pointer, exists: operator === 'exists' };
  }
}

function rowOf(filter: Schemas['Filter']): FilterRow {
  const { pointer } = filter;
  if (filter.prefix !== undefined && filter.prefix !== null) return { pointer, operator: 'prefix', value: filter.prefix };
  if (filter.in) return { pointer, operator: 'in', value: listText(filter.in) };
  if (filter.exists !== undefined && filter.exists !== null) return { pointer, operator: filter.exists ? 'exists' : 'absent', value: '' };
  return { pointer, operator: 'equals', value: textOf(filter.equals) };
}

function listed(text: string): string[] {
  return text.split(',').map((one) => one.trim()).filter(Boolean);
}

/** What the creation of an endpoint is asked with. */
export function requestOf(value: Subscription): Schemas['CreateEndpoint'] {
  const chatbots = listed(value.chatbots);
  const headers = value.headers.filter((row) => row.name.trim() && row.value !== null);
  return {
    url: value.url.trim(),
    events: value.events,
    ...(value.description.trim() ? { description: value.description.trim() } : {}),
    ...(chatbots.length > 0 ? { chatbotIds: chatbots } : {}),
    ...(value.filters.length > 0 ? { filters: value.filters.map(filterOf) } : {}),
    ...(headers.length > 0 ? { headers: Object.fromEntries(headers.map((row) => [row.name.trim(), row.value ?? ''])) } : {}),
    ...(value.rateLimit.trim() ? { rateLimit: Number(value.rateLimit) } : {}),
    autoResume: value.autoResume,
  };
}

/** What is typed of an endpoint that is there. */
export function valueOfEndpoint(endpoint: Endpoint): Subscription {
  return {
    url: endpoint.url,
    description: endpoint.description ?? '',
    events: endpoint.events,
    chatbots: (endpoint.chatbotIds ?? (endpoint.chatbotId ? [endpoint.chatbotId] : [])).join(', '),
    filters: endpoint.filters.map(rowOf),
    headers: endpoint.headers.map((name) => ({ name, value: null })),
    rateLimit: endpoint.rateLimit === null ? '' : String(endpoint.rateLimit),
    autoResume: endpoint.autoResume,
  };
}

/** The change that makes one of the other: only what differs. */
export function changeOf(before: Subscription, after: Subscription): Schemas['ChangeEndpoint'] {
  const [old, next] = [requestOf(before), requestOf(after)];
  const change: Schemas['ChangeEndpoint'] = {};
  if (old.url !== next.url) change.url = next.url;
  if (old.description !== next.description) change.description = next.description ?? null;
  if (JSON.stringify(old.events) !== JSON.stringify(next.events)) change.events = next.events;
  if (JSON.stringify(old.chatbotIds) !== JSON.stringify(next.chatbotIds)) change.chatbotIds = next.chatbotIds ?? null;
  if (JSON.stringify(old.filters) !== JSON.stringify(next.filters)) change.filters = next.filters ?? [];
  if (old.rateLimit !== next.rateLimit) change.rateLimit = next.rateLimit ?? null;
  if (old.autoResume !== next.autoResume) change.autoResume = next.autoResume;
  const removed = before.headers.filter((row) => !after.headers.some((one) => one.name === row.name));
  const headers: Record<string, string | null> = { ...next.headers };
  for (const row of removed) headers[row.name] = null;
  if (Object.keys(headers).length > 0) change.headers = headers as Record<string, string>;
  return change;
}
