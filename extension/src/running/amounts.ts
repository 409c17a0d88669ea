/** Amounts in words: bytes, numbers, moments. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes with three digits at most: `1.2 MB`. */
export function bytes(count: number): string {
  let unit = 0;
  let value = count;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const text = unit === 0 || value >= 9.95 ? value.toFixed(0) : value.toFixed(1);
  return `${text} ${UNITS[unit]}`;
}

/** A metric with six digits; one that is no number is a dash. */
export function metric(value: number | null | undefined): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : '–';
}

/** A moment, given in seconds since the epoch, as the language of the page writes it. */
export function moment(seconds: number, languages?: string): string {
  return new Date(seconds * 1000).toLocaleString(languages, {
    dateStyle: 'medium',
    timeStyle: 'short'
  });
}

/** A value of a parameter: texts as they are, all else as JSON. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
