// What libraries for React get in its place: Preact, made a little more like it for Ariakit.

import { options } from 'preact';

export * from 'preact/compat';
export { default } from 'preact/compat';

// Preact's insertion effects run too late: Ariakit keeps its handlers by them, and calls some as soon as an element is there. So they
// run with the rendering, as in Reacts that have none.
export function useInsertionEffect(effect) {
  effect();
}

// React's events say for ever whose handler was called, and let that be changed; Ariakit does, when it marks what the keyboard has
// come to. The browser's own events don't.
const { get: currentTargetOf } = Object.getOwnPropertyDescriptor(Event.prototype, 'currentTarget');
const handled = options.event;
options.event = (event) => {
  if (event.type === 'keydown' || event.type === 'focus' || event.type === 'focusin') {
    const value = currentTargetOf.call(event);
    Object.defineProperty(event, 'currentTarget', { value, writable: true, configurable: true });
  }
  return handled ? handled(event) : event;
};
