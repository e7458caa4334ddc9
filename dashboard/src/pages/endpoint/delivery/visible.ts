// What somebody else has written, so that nothing in it hides or turns the order round.

/** The text with characters that can't be seen, or that turn the direction of writing, by their numbers: `‹U+202E›`. */
export function visible(text: string): string {
  return text.replace(/[\p{Cf}\p{Zl}\p{Zp}\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/gu, named);
}

export const named = (char: string) => `‹U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`;
