import { type Reader, readAs } from './env-readers.ts';

/** What no reader makes anything else of. */
const PLAIN = /^[A-Za-z0-9_./:@%+,=-]*$/;

/**
 * A value as it is written behind `NAME=`, so that all readers find just that; undefined where there is no
 * such way.
 *
 * @param before what stands there now: its quotes are kept where the value allows
 */
export function quoteFor(value: string, readers: readonly Reader[], before = ''): string | undefined {
  if (!canStand(value)) return undefined;
  return writings(value, before).find((raw) => readers.every((reader) => readAs(reader, raw) === value));
}

/** False for what no file of variables holds: line ends, and characters that no text holds. */
export function canStand(value: string): boolean {
  return !/[\n\r\0]/.test(value) && Buffer.from(value).toString() === value;
}

function writings(value: string, before: string): string[] {
  const single = `'${value}'`;
  const double = `"${value}"`;
  const escaped = `"${value.replace(/["\\$`]/g, '\\$&')}"`;
  const joined = `'${value.replaceAll("'", `'"'"'`)}'`;
  const plain = PLAIN.test(value) ? [value] : [];
  const all = [...plain, single, double, escaped, joined, `\`${value}\``];
  if (before.startsWith("'")) return [single, ...all];
  return before.startsWith('"') ? [double, ...all] : all;
}
