// What the API writes into the page when it serves it.

export interface Settings {
  /** Of Clerk, which signs people in where it is configured. */
  clerkPublishableKey: string | null;
  /** Whose pages may frame /dashboard/embed and hand it a session. */
  portalOrigins: string[];
  /** How the names of the headers that receivers get begin. */
  headerPrefix: string;
}

const written = document.getElementById('dashboard-settings')?.textContent ?? '{}';

export const settings: Settings = {
  clerkPublishableKey: null,
  portalOrigins: [],
  headerPrefix: 'X-RKT-',
  ...(JSON.parse(written) as Partial<Settings>),
};
