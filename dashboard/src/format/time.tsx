// Times, in the viewer's zone and language. The exact one is shown on hover.

import { useEffect, useState } from 'preact/hooks';

import { dateFormat, numberFormat, relativeFormat } from './intl';

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** A time to the millisecond, with its zone. */
export function exact(at: string | Date): string {
  return dateFormat({
    dateStyle: 'medium',
    timeStyle: 'long',
  }).format(new Date(at));
}

/** The time of a day: `12:03:04`, with the date if that isn't today's. */
export function clock(at: string | Date, withSeconds = true): string {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  return dateFormat({
    ...(isToday ? {} : { month: 'short', day: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    ...(withSeconds ? { second: '2-digit' } : {}),
    hourCycle: 'h23',
  }).format(date);
}

/** A day: `27 Nov`. */
export function day(at: string | Date): string {
  return dateFormat({ month: 'short', day: 'numeric' }).format(new Date(at));
}

/** How long ago, or until: `3 minutes ago`, `in 2 hours`. */
export function relative(at: string | Date, now = Date.now()): string {
  const seconds = Math.round((new Date(at).getTime() - now) / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS[3]!;
  return relativeFormat({ numeric: 'auto' }).format(Math.trunc(seconds / size), unit);
}

/** A duration: `3.1 ms`, `240 ms`, `9.8 s`. */
export function duration(ms: number): string {
  const digits = (maximumFractionDigits: number) => numberFormat({ maximumFractionDigits });
  if (ms < 10) return `${digits(1).format(ms)} ms`;
  if (ms < 1000) return `${digits(0).format(ms)} ms`;
  if (ms < 60_000) return `${digits(1).format(ms / 1000)} s`;
  if (ms < 3_600_000) return `${digits(0).format(ms / 60_000)} min`;
  return `${digits(1).format(ms / 3_600_000)} h`;
}

/** The current time, renewed so often while the element is there. */
export function useNow(everyMs = 1000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** A time as `3 minutes ago`, which goes on counting; the exact one on hover. */
export function Ago({ at }: { at: string }) {
  const now = useNow(Math.abs(Date.now() - new Date(at).getTime()) < 120_000 ? 1000 : 30_000);
  return (
    <time dateTime={at} title={exact(at)}>
      {relative(at, now)}
    </time>
  );
}

/** A time of a day, with the exact one on hover. */
export function At({ at, withSeconds }: { at: string; withSeconds?: boolean }) {
  return (
    <time dateTime={at} title={exact(at)}>
      {clock(at, withSeconds)}
    </time>
  );
}
