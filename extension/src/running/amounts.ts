/** Amounts in words, as the language of the page writes them: bytes, numbers, moments. */

let language: string | undefined;

/** Let amounts be written in a language, as JupyterLab names it; where none was chosen, moments are written in the browser's. */
export function writeIn(code: string): void {
  language = ['en', 'default'].includes(code) ? undefined : code.replace('_', '-');
}

/** A number with so many digits behind the point. */
export function decimal(value: number, digits: number): string {
  return value.toLocaleString(language ?? 'en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: false
  });
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes with three digits at most: `1.2 MB`. */
export function bytes(count: number): string {
  let unit = 0;
  let value = count;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const text = unit === 0 || value >= 9.95 ? decimal(value, 0) : decimal(value, 1);
  return `${text} ${UNITS[unit]}`;
}

/** A metric with six digits; one that is no number is a dash. */
export function metric(value: number | null | undefined): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : '–';
}

/** A moment, given in seconds since the epoch. */
export function moment(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString(language, {
    dateStyle: 'medium',
    timeStyle: 'short'
  });
}

/** A value of a parameter: texts as they are, all else as JSON. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
