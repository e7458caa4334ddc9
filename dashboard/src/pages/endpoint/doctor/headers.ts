// Headers as people find them: as lines, as a log or a framework writes them. What is understood is a name and a value each.

export type Headers = Record<string, string>;

/** These say who somebody is, and nothing about a signature: they aren't sent on. */
const PRIVATE = new Set(['authorization', 'cookie', 'proxy-authorization', 'set-cookie']);

const PAIR = /(["'])((?:(?!\1)[^\\]|\\.)+)\1\s*(?:=>|:)\s*(?:\[\s*)?(["'])((?:(?!\3)[^\\]|\\.)*)\3/g;

/** CGI and its heirs (Rack, WSGI, PHP) call `X-A` `HTTP_X_A`. */
function nameOf(written: string): string {
  const name = written.trim();
  return /^HTTP_[A-Z0-9_]+$/.test(name) ? name.slice(5).replaceAll('_', '-').toLowerCase() : name;
}

function pairsOfJson(value: unknown): [string, string][] {
  if (Array.isArray(value)) {
    // Node's `rawHeaders`: names and values in turn.
    if (value.every((one) => typeof one === 'string')) {
      return value.flatMap((one, index): [string, string][] => (index % 2 === 0 ? [[one, value[index + 1] ?? '']] : []));
    }
    return value.flatMap((one: unknown): [string, string][] => {
      if (Array.isArray(one)) return one.length >= 2 ? [[String(one[0]), String(one[1])]] : [];
      if (typeof one !== 'object' || one === null) return [];
      const { name, key, value: given } = one as Record<string, unknown>;
      return typeof (name ?? key) === 'string' ? [[String(name ?? key), String(given ?? '')]] : pairsOfJson(one);
    });
  }
  if (typeof value !== 'object' || value === null) return [];
  const inner = (value as Record<string, unknown>).headers;
  if (typeof inner === 'object' && inner !== null) return pairsOfJson(inner);
  return Object.entries(value).map(([name, one]) => [name, Array.isArray(one) ? one.map(String).join(', ') : String(one)]);
}

function pairsOfLines(text: string): [string, string][] {
  const pairs: [string, string][] = [];
  for (const written of text.split(/\r\n|\r|\n/)) {
    // As `curl -v` shows them, or as options of its command.
    const line = written.replace(/^[<>] /, '').replace(/^\s*(?:-H|--header)\s+(['"])(.*)\1\s*\\?$/, '$2');
    const found = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*[:=]\s?(.*)$/.exec(line.trim());
    if (found) pairs.push([found[1] ?? '', (found[2] ?? '').trim()]);
  }
  return pairs;
}

function pairsOf(text: string): [string, string][] {
  if (!/^[\w.]*\s*[[{(]/.test(text)) return pairsOfLines(text);
  try {
    return pairsOfJson(JSON.parse(text));
  } catch {
    // As Python, Ruby or PHP print them.
    return [...text.matchAll(PAIR)].map((match) => [match[2] ?? '', match[4] ?? '']);
  }
}

/** The headers that a text contains; none if it is understood in no way. */
export function headersOf(text: string): Headers {
  const headers: Headers = {};
  for (const [written, value] of pairsOf(text.trim())) {
    const name = nameOf(written);
    if (name && !PRIVATE.has(name.toLowerCase())) headers[name] = value;
  }
  return headers;
}

/** The value of a header, however its name is written. */
export function valueOf(headers: Headers, name: string): string | null {
  const found = Object.entries(headers).find(([one]) => one.toLowerCase() === name.toLowerCase());
  return found?.[1] ?? null;
}
