/** Zeros that a number may be filled up with before it is written with an exponent. */
const MOST_ZEROS = 30;
/** Digits behind the point that are counted out; a double is 0 long before. */
const MOST_SCALE = 1000;
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,15}))?$/;

/** 0.DIGITS times ten to the power of `point`; without zeros at either end. */
interface Decimal {
  sign: string;
  digits: string;
  point: number;
}

/** `1.50e1` is 15: one text for each number. Undefined where the text is no number as JSON writes them. */
export function normalDecimal(text: string): string | undefined {
  const decimal = parse(text);
  return decimal && write(decimal);
}

/** Whether a double holds all digits of a number: it gives back `0.1`, and not `0.10000000000000000001`. */
export function isExactDouble(text: string): boolean {
  const given = String(Number(text));
  return given === text || normalDecimal(given) === normalDecimal(text);
}

/** How far two numbers are apart, without what doubles lose; of numbers as {@link normalDecimal} takes them. */
export function distanceOf(a: string, b: string): number {
  const [left, right] = [parse(a)!, parse(b)!];
  const scale = Math.max(scaleOf(left), scaleOf(right), 0);
  if (scale > MOST_SCALE) return Math.abs(Number(a) - Number(b));
  const apart = scaled(left, scale) - scaled(right, scale);
  return Number(`${apart < 0n ? -apart : apart}e-${scale}`);
}

function parse(text: string): Decimal | undefined {
  const [, sign = '', whole, fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const all = whole + fraction;
  let first = 0;
  while (all[first] === '0') first += 1;
  let end = all.length;
  while (end > first && all[end - 1] === '0') end -= 1;
  if (end === first) return { sign: '', digits: '0', point: 1 };
  return { sign, digits: all.slice(first, end), point: whole.length - first + Number(exponent) };
}

function write({ sign, digits, point }: Decimal): string {
  if (point > 0 && point <= digits.length + MOST_ZEROS) {
    const rest = digits.slice(point);
    return `${sign}${digits.slice(0, point).padEnd(point, '0')}${rest === '' ? '' : `.${rest}`}`;
  }
  if (point <= 0 && point > -MOST_ZEROS) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  const rest = digits.slice(1);
  return `${sign}${digits[0]}${rest === '' ? '' : `.${rest}`}e${point - 1}`;
}

/** Digits behind the point. */
function scaleOf({ digits, point }: Decimal): number {
  return digits.length - point;
}

function scaled(decimal: Decimal, scale: number): bigint {
  const value = BigInt(decimal.digits) * 10n ** BigInt(scale - scaleOf(decimal));
  return decimal.sign === '-' ? -value : value;
}
