// What it takes to live in a frame: the page around learns how high this one is, its history gets no more entries than pages that were
// gone to, and nothing else is ever shown in the frame.

import { navigate } from 'wouter-preact/use-browser-location';

import { HOME, post } from './portal';

/** So high is the page at least (px): a dialog has to find room. */
const LEAST = 480;

/** Tells how high the element is, now and whenever that changes. */
export function tellHeight(element: HTMLElement): void {
  let told = 0;
  new ResizeObserver(() => {
    const height = Math.max(Math.ceil(element.getBoundingClientRect().height), LEAST);
    if (height !== told) post({ type: 'rkt-portal.height', height });
    told = height;
  }).observe(element);
}

function isWithin(url: URL): boolean {
  return url.origin === location.origin && (url.pathname === HOME || url.pathname.startsWith(`${HOME}/`));
}

interface Options {
  replace?: boolean;
}

/** Goes to a page within the frame. What changes on a page, such as a filter, replaces its entry in the history. */
export function go(to: (path: string, options?: Options) => void, path: string, options?: Options): void {
  const url = new URL(path, location.href);
  if (!isWithin(url)) return;
  to(path, { ...options, replace: options?.replace || url.pathname === location.pathname });
}

/** Links to the dashboard itself stay in the frame; all others open a tab. */
export function keepLinks(): void {
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href]') : null;
    if (!link || link.hasAttribute('download') || link.getAttribute('href')?.startsWith('#')) return;
    const url = new URL(link.href, location.href);
    if (isWithin(url)) return;
    if (url.origin === location.origin && /^\/dashboard(\/|$)/.test(url.pathname)) {
      event.preventDefault();
      navigate(HOME + url.pathname.slice('/dashboard'.length) + url.search);
      return;
    }
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
  }, { capture: true });
}
