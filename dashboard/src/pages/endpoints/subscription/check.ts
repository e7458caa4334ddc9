// What the server says of an endpoint before there is one.

import { useQuery } from '@tanstack/preact-query';
import { useEffect, useState } from 'preact/hooks';

import { api, ApiError, dataOf, faultOf } from '../../../api/client';
import { requestOf, type Subscription } from './value';

/** So long nothing was typed before the server is asked (ms). */
const PAUSE = 400;

export interface Sample {
  event: string;
  /** As JSON; may be wrong while somebody types. */
  data: string;
}

function useRested<T>(value: T): T {
  const [rested, setRested] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return rested;
}

function parsed(text: string): Record<string, never> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, never>) : null;
  } catch {
    return null;
  }
}

/** Asks the server about what is typed; `sample`: whether such an event would be sent, too. */
export function useCheck(value: Subscription, sample: Sample | null) {
  const rested = useRested({ value, sample });
  // A header whose value is still to come isn't wrong yet.
  const request = requestOf({ ...rested.value, headers: rested.value.headers.filter((row) => row.value !== '') });
  const data = rested.sample && parsed(rested.sample.data);
  const body = {
    ...request,
    events: request.events.length > 0 ? request.events : ['*'],
    ...(rested.sample && data ? { sample: { event: rested.sample.event, chatbotId: request.chatbotIds?.[0] ?? 'any', data } } : {}),
  };
  const isTyped = request.url.length > 'https://a'.length;
  const check = useQuery({
    queryKey: ['check', body],
    queryFn: ({ signal }) => dataOf(api.POST('/api/webhooks-config/check', { body, signal })),
    enabled: isTyped,
    staleTime: 60_000,
  });
  const isSettled = JSON.stringify(rested) === JSON.stringify({ value, sample });
  return {
    /** What is wrong, of what was typed last. */
    error: isTyped && isSettled ? check.error : null,
    /** Whether the server takes the URL, whatever else is wrong. */
    isUrlGood: isTyped && isSettled && (check.isSuccess || (check.error instanceof ApiError && check.error.status === 422 && !faultOf(check.error, 'url'))),
    /** Whether the sample would be sent; `null` while that isn't known. */
    matches: isSettled && data && check.data ? check.data.matches : null,
    isSampleJson: !sample || parsed(sample.data) !== null,
  };
}
