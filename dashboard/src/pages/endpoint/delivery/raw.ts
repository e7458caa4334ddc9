// JSON as it is written. What was parsed and written again may differ: its numbers, its escapes, the order of its names.

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;

/** The text of the member of this name of the object that the JSON text is; `null` if it has none, or it is `null`. */
export function rawMember(text: string, name: string): string | null {
  let depth = 0;
  let from = -1;
  let before = '';
  let beforeThat = '';
  for (const match of text.matchAll(TOKEN)) {
    const token = match[0];
    const at = match.index;
    if (from < 0 && depth === 1 && before === ':' && beforeThat === JSON.stringify(name)) from = at;
    if (from >= 0 && depth === 1 && (token === ',' || token === '}')) {
      const raw = text.slice(from, at).trimEnd();
      return raw === 'null' ? null : raw;
    }
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    beforeThat = before;
    before = token;
  }
  return null;
}

const unseen = (text: string) => text.replace(/[\p{Cf}\p{Zl}\p{Zp}\u00ad]/gu, (char) => escaped(char));
const escaped = (char: string) => [...Array(char.length).keys()].map((index) => `\\u${char.charCodeAt(index).toString(16).padStart(4, '0')}`).join('');

/** The same JSON over several lines. Each token stays as it is, but for characters in strings that can't be seen: they are escaped. */
export function indented(raw: string): string {
  let out = '';
  let depth = 0;
  let before = '';
  const line = () => `\n${'  '.repeat(depth)}`;
  for (const [token] of raw.matchAll(TOKEN)) {
    const opens = token === '{' || token === '[';
    const closes = token === '}' || token === ']';
    if (closes) depth -= 1;
    const isFirst = before === '{' || before === '[';
    if ((closes && !isFirst) || (!closes && isFirst) || before === ',') out += line();
    out += token.startsWith('"') ? unseen(token) : token;
    if (token === ':') out += ' ';
    if (opens) depth += 1;
    before = token;
  }
  return out;
}
