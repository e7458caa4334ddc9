// Clerk's JavaScript, as far as this page uses it, and how it is loaded: as Clerk documents it for pages with script elements
// (https://clerk.com/docs/js-frontend/getting-started/quickstart), from the host that the publishable key names.

export interface ClerkSession {
  id: string;
  status: string;
  getToken(options?: { skipCache?: boolean }): Promise<string | null>;
}

export interface ClerkUser {
  id: string;
  organizationMemberships: unknown[];
}

export interface ClerkState {
  session?: ClerkSession | null;
  user?: ClerkUser | null;
  organization?: { id: string } | null;
}

type Navigate = (to: string) => unknown;
type Props = Record<string, unknown>;

export interface Clerk extends ClerkState {
  load(options: { routerPush: Navigate; routerReplace: Navigate; afterSignOutUrl: string }): Promise<void>;
  addListener(listener: (state: ClerkState) => void): () => void;
  signOut(options: { redirectUrl: string }): Promise<void>;
  mountSignIn(element: HTMLDivElement, props: Props): void;
  unmountSignIn(element: HTMLDivElement): void;
  mountOrganizationSwitcher(element: HTMLDivElement, props: Props): void;
  unmountOrganizationSwitcher(element: HTMLDivElement): void;
}

declare global {
  interface Window {
    Clerk?: Clerk;
  }
}

/** So long may the script take (ms). */
const PATIENCE = 30_000;

/** The host in a publishable key: after its kind, the base64 of the host and `$`. */
export function hostIn(publishableKey: string): string | null {
  const encoded = /^pk_(?:test|live)_([\w+/=]+)$/.exec(publishableKey)?.[1];
  try {
    return /^([a-z0-9.-]+(?::\d+)?)\$$/i.exec(atob(encoded ?? ''))?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Loads the script; what it makes of itself is `window.Clerk`. */
export function loadScript(publishableKey: string, host: string): Promise<Clerk> {
  if (window.Clerk) return Promise.resolve(window.Clerk);
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    const fail = () => {
      script.remove();
      reject(new Error(`${script.src} couldn't be loaded`));
    };
    const timer = setTimeout(fail, PATIENCE);
    script.addEventListener('error', () => {
      clearTimeout(timer);
      fail();
    });
    script.addEventListener('load', () => {
      clearTimeout(timer);
      if (window.Clerk) resolve(window.Clerk);
      else fail();
    });
    script.async = true;
    script.crossOrigin = 'anonymous';
    script.dataset.clerkPublishableKey = publishableKey;
    script.src = `https://${host}/npm/@clerk/clerk-js@5/dist/clerk.browser.js`;
    document.head.append(script);
  });
}
