// The live log of the account: what every attempt, state and cancellation of it says as it happens. One connection serves the whole
// page. It is opened again after every end, where it was, and says what was missed.

import { EventSourceParserStream } from 'eventsource-parser/stream';

import { authorized, type Schemas } from './client';

export type StreamMessage =
  | { type: 'attempt'; data: Schemas['StreamedAttempt'] }
  | { type: 'state'; data: Schemas['StreamedState'] }
  | { type: 'canceled'; data: Schemas['StreamedCancellation'] }
  | { type: 'gap'; data: Schemas['StreamedGap'] };

type Listener = (message: StreamMessage) => void;

const listeners = new Set<Listener>();
let running: AbortController | null = null;
let lastId = '';

/** How long to wait before the connection is opened again (ms); doubled each time that it fails at once. */
const FIRST_REST = 500;
const LONGEST_REST = 15_000;

async function follow(signal: AbortSignal): Promise<void> {
  const headers: Record<string, string> = { Accept: 'text/event-stream' };
  if (lastId) headers['Last-Event-ID'] = lastId;
  const response = await authorized(new Request('/api/webhooks-deliveries/stream', { headers, signal }));
  if (!response.ok || !response.body) throw new Error(`the stream answered ${response.status}`);
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = events.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    if (value.id) lastId = value.id;
    if (!value.event || !['attempt', 'state', 'canceled', 'gap'].includes(value.event)) continue;
    const message = { type: value.event, data: JSON.parse(value.data) } as StreamMessage;
    for (const listener of listeners) listener(message);
  }
}

async function run(signal: AbortSignal): Promise<void> {
  let rest = FIRST_REST;
  while (!signal.aborted) {
    const began = Date.now();
    await follow(signal).catch(() => undefined);
    rest = Date.now() - began > 5000 ? FIRST_REST : Math.min(rest * 2, LONGEST_REST);
    await new Promise((resolve) => setTimeout(resolve, rest));
  }
}

/** Gets every message from now on, until the function that it returns is called. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  if (!running) {
    running = new AbortController();
    void run(running.signal);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      running?.abort();
      running = null;
    }
  };
}
