// Numbers in the viewer's language.

import { numberFormat } from './intl';

/** `12,345` */
export const number = (value: number) => numberFormat().format(value);

/** `12K` where room is short. */
export const short = (value: number) =>
  numberFormat({ notation: 'compact', maximumFractionDigits: 1 }).format(value);

/** A share of one: `99.9 %`. Never 100 % while something is missing. */
export function percent(share: number): string {
  const shown = share < 1 ? Math.min(share, 0.999) : 1;
  return numberFormat({ style: 'percent', maximumFractionDigits: shown > 0.99 ? 1 : 0 }).format(shown);
}

/** `1.4 MB` */
export function bytes(value: number): string {
  const unit = value < 1e3 ? 'byte' : value < 1e6 ? 'kilobyte' : value < 1e9 ? 'megabyte' : 'gigabyte';
  const size = { byte: 1, kilobyte: 1e3, megabyte: 1e6, gigabyte: 1e9 }[unit];
  const format = { style: 'unit', unit, unitDisplay: unit === 'byte' ? 'long' : 'short', maximumFractionDigits: 1 } as const;
  return numberFormat(format).format(value / size);
}
