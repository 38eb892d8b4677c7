/** Bytes as a person reads them, in powers of 1024: `512 B`, `1.4 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit]}`;
}

const POWERS = ['', 'k', 'm', 'g', 't'];

/**
 * `512`, `64KB`, `1.5GiB` to bytes, in powers of 1024 whether written with an i or not, as Redis counts
 * its memory; undefined where the text is no size.
 */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s?([kmgt]?)(?:i?b)?$/i.exec(text);
  if (!match) return undefined;
  const bytes = Math.round(Number(match[1]) * 1024 ** POWERS.indexOf(match[2]!.toLowerCase()));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
