import type { Share, Side } from './route.ts';

/** What may be written for a share, for errors. */
export const EXPECTED_SHARE = 'old, new or a percentage from 0 to 100 with two decimals at most';
/** What may be written for a percentage, for errors. */
export const EXPECTED_PERCENT = 'a percentage from 0 to 100 with two decimals at most, such as 25 or 0.5%';

/** Reads `25`, `0.5%` or 25; undefined where it is none of these. Half of a percent is 0.5, half of all is 50. */
export function parsePercent(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const text = String(value).trim();
  if (!/^\d{1,3}(\.\d{1,2})?%?$/.test(text)) return undefined;
  const percent = Number(text.replace('%', ''));
  return percent <= 100 ? percent : undefined;
}

/** Reads a side or a percentage; undefined where it is neither. */
export function parseShare(value: unknown): Share | undefined {
  return parseSide(value) ?? parsePercent(value);
}

/** Reads a side. */
export function parseSide(value: unknown): Side | undefined {
  return value === 'old' || value === 'new' ? value : undefined;
}

/** `25%`, `old`. */
export function shareText(share: Share): string {
  return typeof share === 'number' ? `${share}%` : share;
}
