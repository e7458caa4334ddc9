// In development a link has the token: /dashboard#token=…. This file is loaded before all others, and takes it out of the address bar
// before anything else could see it there.

/** Of what a token may consist. Nothing else could stand in a header. */
const TOKEN = /^[\w.~+/=-]{8,8192}$/;

/** The token in a text: alone, or as part of a link. */
export function tokenIn(text: string): string | null {
  const part = /(?:^|[#&?])token=([^&\s]+)/.exec(text)?.[1];
  let token = text.trim();
  if (part !== undefined) {
    try {
      token = decodeURIComponent(part);
    } catch {
      return null;
    }
  }
  return TOKEN.test(token) ? token : null;
}

let taken = take();

function take(): string | null {
  if (!/[#&]token=/.test(location.hash)) return null;
  const token = tokenIn(location.hash);
  history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}

/** The token that stood in the address when the page was loaded, or stands there now; once. */
export function takeFromAddress(): string | null {
  const token = take() ?? taken;
  taken = null;
  return token;
}
