// Calls of the API, typed by its document. An answer that isn't a success is thrown as an `ApiError`.

import createClient from 'openapi-fetch';

import { session } from '../session';
import type { components, paths } from './document';
import { reachable } from './reachable';

export type Schemas = components['schemas'];
export type Endpoint = Schemas['Endpoint'];
export type ListedEndpoint = Schemas['ListedEndpoint'];
export type EndpointDetail = Schemas['EndpointDetail'];
export type Delivery = Schemas['Delivery'];
export type DeliveryDetail = Schemas['DeliveryDetail'];
export type Attempt = Schemas['Attempt'];
export type Summary = Schemas['Summary'];
export type EventType = Schemas['EventType'];
export type ApiKey = Schemas['ApiKey'];
export type Problem = Schemas['Problem'];

/** What went wrong with a call: the API's problem document, or `unreachable` if there was no answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    /** The field of the request that it is about, as a path. */
    readonly field: string | null,
    /** Every fault that was found. */
    readonly faults: Schemas['Fault'][],
    /** When to try again (seconds), if the API says so. */
    readonly retryAfter: number | null,
  ) {
    super(detail);
    this.name = 'ApiError';
  }

  /** Nothing answered: the API is being restarted, or the network is gone. */
  get isUnreachable(): boolean {
    return this.code === 'unreachable';
  }

  /** It is over by itself: whoever asks again later gets an answer. */
  get isPassing(): boolean {
    return this.isUnreachable || this.status === 503 || this.status === 429;
  }

  /** Somebody else has changed it since it was read. */
  get isConflict(): boolean {
    return this.status === 412;
  }
}

/** Whether what a path names is the field, or something within it (`filters[0].pointer` is within `filters`). */
function isWithin(path: string | null | undefined, field: string): boolean {
  return path === field || Boolean(path?.startsWith(`${field}.`) || path?.startsWith(`${field}[`));
}

/** The fault of a field, if that is what the error is about. */
export function faultOf(error: unknown, field: string): string | null {
  if (!(error instanceof ApiError)) return null;
  const fault = error.faults.find((one) => isWithin(one.field, field));
  if (fault) return fault.detail;
  return isWithin(error.field, field) ? error.detail : null;
}

/** Sends a request as whoever is signed in. If the session has ended, it waits until there is a new one, and sends it again. */
export async function authorized(request: Request): Promise<Response> {
  for (;;) {
    let token: string;
    let response: Response;
    try {
      token = await session.token(request.signal);
      const attempt = new Request(request.clone(), { cache: 'no-store' });
      attempt.headers.set('Authorization', `Bearer ${token}`);
      response = await fetch(attempt);
    } catch (error) {
      if (request.signal.aborted) throw error;
      reachable.failed();
      throw new ApiError(0, 'unreachable', '', null, [], null);
    }
    // Of a proxy whose API is away.
    if ([502, 503, 504].includes(response.status) && !response.headers.get('Content-Type')?.includes('problem')) {
      reachable.failed();
      throw new ApiError(response.status, 'unreachable', '', null, [], null);
    }
    reachable.answered();
    if (response.status !== 401) {
      session.accepted(token);
      return response;
    }
    session.refused(token, await codeOf(response));
  }
}

async function codeOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => null)) as Partial<Problem> | null;
  return problem?.code ?? 'unknown';
}

const client = createClient<paths>({ baseUrl: '/', fetch: authorized });

async function thrown(response: Response, body: unknown): Promise<never> {
  const problem = body as Partial<Problem> | undefined;
  const retryAfter = Number(response.headers.get('Retry-After') ?? NaN);
  throw new ApiError(
    response.status,
    problem?.code ?? 'unknown',
    problem?.detail ?? response.statusText,
    problem?.field ?? null,
    problem?.errors ?? [],
    Number.isFinite(retryAfter) ? retryAfter : null,
  );
}

/** The data of a call made with `api`, or its error, thrown. */
export async function dataOf<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<NonNullable<T>> {
  const { data, error, response } = await call;
  if (!response.ok) return thrown(response, error);
  return data as NonNullable<T>;
}

export const api = client;
