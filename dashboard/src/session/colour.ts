// Colours that can be read, whatever accent a product has chosen (WCAG's contrast).

type Rgb = [number, number, number];

/** As much as text needs. */
const ENOUGH = 4.5;

function parse(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function written(colour: Rgb): string {
  return `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: Rgb, other: Rgb): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function mixed(from: Rgb, to: Rgb, share: number): Rgb {
  return from.map((part, index) => part + (to[index]! - part) * share) as Rgb;
}

/** The colour of text on this one: white, or black where white couldn't be read. */
export function textOn(background: string): string {
  return contrast(parse(background), [255, 255, 255]) >= ENOUGH ? '#ffffff' : '#000000';
}

/** This colour, moved towards that of text until it can be read on all of these backgrounds. */
export function readable(colour: string, text: string, backgrounds: string[]): string {
  const behind = backgrounds.map(parse);
  for (let share = 0; share < 1; share += 0.05) {
    const candidate = written(mixed(parse(colour), parse(text), share));
    if (behind.every((one) => contrast(parse(candidate), one) >= ENOUGH)) return candidate;
  }
  return text;
}
