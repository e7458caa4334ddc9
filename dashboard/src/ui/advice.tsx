// What the API says in words: its sentences begin small and name fields in backticks. Here they are sentences like any other.

/** A sentence of the API, as text within a paragraph. */
export function Advice({ text }: { text: string }) {
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
  const pieces = sentence.split(/`([^`]+)`/);
  return <>{pieces.map((piece, index) => (index % 2 === 1 ? <code key={index}>{piece}</code> : piece))}</>;
}
