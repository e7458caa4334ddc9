// What the browser keeps for this page. Browsers may forbid it, above all to a page in a frame: then nothing is kept, and everything
// else works as ever.

type Area = 'localStorage' | 'sessionStorage';

export function recall(key: string, area: Area = 'localStorage'): string | null {
  try {
    return window[area].getItem(key);
  } catch {
    return null;
  }
}

/** Forgets all that is kept for this tab. */
export function forgetTab(): void {
  try {
    sessionStorage.clear();
  } catch {
    // Nothing is kept.
  }
}

/** Keeps a text; `null` forgets it. */
export function remember(key: string, text: string | null, area: Area = 'localStorage'): void {
  try {
    if (text === null) window[area].removeItem(key);
    else window[area].setItem(key, text);
  } catch {
    // It is kept until the page is closed, by whoever called.
  }
}
