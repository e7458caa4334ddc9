// What libraries for React get in its place: Preact, whose insertion effects run too late for Ariakit. It keeps its handlers by them, and
// calls some as soon as an element is there; so they run with the rendering, as in Reacts that have none.

export * from 'preact/compat';
export { default } from 'preact/compat';

export function useInsertionEffect(effect) {
  effect();
}
