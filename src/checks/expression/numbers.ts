import { parseBytes } from '../../model/bytes.ts';
import { parseDurationMs } from '../../model/duration.ts';

/** What the unit of a number says of it. Durations are ms, sizes bytes, `20%` is 0.2, rates are by the second. */
export type Unit = 'ms' | 'bytes' | 'part' | 'perSecond';

/** A number as it was written. */
export interface Quantity {
  value: number;
  unit: Unit | null;
}

/** Digits, and all that belongs to them without a blank: `10`, `1.5e3`, `10ms`, `1h30m`, `20%`, `64KiB`, `1000/s`. */
export const QUANTITY = /(?:\d[\w.]*|\.\d[\w.]*)(?:(?<=[eE])[+-]\d+)?(?:%|\/(?:s|min|h)(?![\w.]))?/y;

const PLAIN = /^(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const PER: Record<string, number> = { s: 1, min: 60, h: 3600 };

/** Undefined where the text is no number, or too large for one. */
export function parseQuantity(text: string): Quantity | undefined {
  const found = quantityOf(text);
  return found && Number.isFinite(found.value) ? found : undefined;
}

function quantityOf(text: string): Quantity | undefined {
  if (PLAIN.test(text)) return { value: Number(text), unit: null };
  const [, amount = '', per] = /^(.*)\/(s|min|h)$/.exec(text) ?? [];
  if (per !== undefined) {
    return PLAIN.test(amount) ? { value: Number(amount) / PER[per]!, unit: 'perSecond' } : undefined;
  }
  if (text.endsWith('%')) {
    const percent = text.slice(0, -1);
    return PLAIN.test(percent) ? { value: Number(percent) / 100, unit: 'part' } : undefined;
  }
  const ms = parseDurationMs(text);
  if (ms !== undefined) return { value: ms, unit: 'ms' };
  // Without its B a size could be meant as minutes.
  const bytes = /b$/i.test(text) ? parseBytes(text) : undefined;
  return bytes === undefined ? undefined : { value: bytes, unit: 'bytes' };
}
