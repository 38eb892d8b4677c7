import { formatBytes, parseBytes } from './bytes.ts';

/** How fast: messages or bytes a second, whichever is given. */
export interface Rate {
  messages?: number;
  bytes?: number;
}

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600 };

/** `500/s`, `30000/m`, plain `500`, or `5MB/s`; undefined where the text is no rate. */
export function parseRateLimit(text: string): Rate | undefined {
  const match = /^(\d+(?:\.\d+)?)\s?([kmgt]?i?b)?(?:\/(s|m|h))?$/i.exec(text);
  if (!match) return undefined;
  const [, amount, unit, time = 's'] = match;
  const total = unit === undefined ? Number(amount) : (parseBytes(amount! + unit) ?? 0);
  const perSecond = total / SECONDS[time.toLowerCase()]!;
  if (!(perSecond > 0) || !Number.isFinite(perSecond)) return undefined;
  return unit === undefined ? { messages: perSecond } : { bytes: perSecond };
}

/** `500/s`, `5.0 MiB/s`. */
export function formatRate({ messages, bytes }: Rate): string {
  const parts: string[] = [];
  if (messages !== undefined) parts.push(`${Number(messages.toFixed(3))}/s`);
  if (bytes !== undefined) parts.push(`${formatBytes(Math.round(bytes))}/s`);
  return parts.join(', ') || 'no limit';
}

/** A part of a server's memory limit, or an amount. */
export type MemoryLimit = { percent: number } | { bytes: number };

/** `80%` (above 0, up to 100) or `2GB`; undefined where the text is neither. */
export function parseMemoryLimit(text: string): MemoryLimit | undefined {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text);
  if (match) {
    const percent = Number(match[1]);
    return percent > 0 && percent <= 100 ? { percent } : undefined;
  }
  const bytes = /^\d+$/.test(text) ? undefined : parseBytes(text);
  return bytes ? { bytes } : undefined;
}

/** `80%`, `2.0 GiB`. */
export function formatMemoryLimit(limit: MemoryLimit): string {
  return 'percent' in limit ? `${limit.percent}%` : formatBytes(limit.bytes);
}

/** How many may be at work side by side. */
export interface Range {
  min: number;
  max: number;
}

/** `8` or `4..32`, from 1; undefined where the text is neither. */
export function parseRange(text: string): Range | undefined {
  const match = /^(\d{1,4})(?:\.\.(\d{1,4}))?$/.exec(text);
  if (!match) return undefined;
  const min = Number(match[1]);
  const max = Number(match[2] ?? match[1]);
  return min >= 1 && max >= min ? { min, max } : undefined;
}
