// Which part of a chart somebody points at, with the pointer or with the arrow keys.

import type { TargetedPointerEvent } from 'preact';
import { useState } from 'preact/hooks';

interface Handlers {
  onPointerLeave: () => void;
  onBlur: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
  onPointerMove: (event: TargetedPointerEvent<SVGSVGElement>) => void;
}

/** Of `count` parts the one that is pointed at, if any, and what its SVG listens to. `partAt` finds one by where the pointer is in there (px). */
export function usePointed(count: number, partAt: (x: number) => number): [number | null, Handlers] {
  const [pointed, point] = useState<number | null>(null);
  const move = (by: number) => point((now) => Math.min(count - 1, Math.max(0, (now ?? count) + by)));
  const leave = () => point(null);
  const handlers: Handlers = {
    onPointerLeave: leave,
    onBlur: leave,
    onKeyDown: (event) => {
      if (event.key === 'ArrowLeft') move(-1);
      else if (event.key === 'ArrowRight') move(1);
    },
    onPointerMove: (event) => {
      const part = partAt(event.clientX - event.currentTarget.getBoundingClientRect().left);
      point(part >= 0 && part < count ? part : null);
    },
  };
  return [pointed, handlers];
}
