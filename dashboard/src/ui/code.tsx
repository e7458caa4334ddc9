// Code and JSON. What a receiver or an event says is text, whatever stands in it.

import { useMemo } from 'preact/hooks';

import { CopyButton } from './button';

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

interface JsonProps {
  value: unknown;
  label: string;
  /** How it is written, where that is known: numbers that a browser can't hold, and the order of names, stay as they are. */
  written?: string;
}

/** JSON in colours. */
export function Json({ value, label, written }: JsonProps) {
  const text = useMemo(() => written ?? JSON.stringify(value, null, 2), [value, written]);
  const parts = useMemo(() => {
    const found = [];
    let end = 0;
    for (const match of text.matchAll(TOKEN)) {
      found.push(text.slice(end, match.index));
      const kind = match[2] !== undefined ? 'name' : match[1] ? 'string' : match[3] ? 'word' : 'number';
      found.push(<span class={`json-${kind}`}>{match[1] ?? match[0]}</span>, match[2] ?? '');
      end = match.index + match[0].length;
    }
    found.push(text.slice(end));
    return found;
  }, [text]);
  return (
    <Code text={text} label={label}>
      {parts}
    </Code>
  );
}

/** A block of code that can be copied. */
export function Code({ text, label, children }: { text: string; label: string; children?: preact.ComponentChildren }) {
  return (
    <div class="code">
      <pre tabIndex={0} aria-label={label}>
        <code>{children ?? text}</code>
      </pre>
      <CopyButton text={text} />
    </div>
  );
}
