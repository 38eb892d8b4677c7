/** Bytes that a listpack takes besides its elements: total size, count, and its end. */
export const LISTPACK_FRAME_BYTES = 7;

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const INTEGER = /^(?:0|-?[1-9]\d{0,18})$/;
/** A longer text is no number that Redis would keep as one. */
const LONGEST_INTEGER = 20;

/** Bytes of one element of a listpack, by the value that it holds: a text that is a whole number is kept as one. */
export function elementBytes(value: Buffer): number {
  const encoded = integerBytes(value) ?? stringHead(value.length) + value.length;
  return encoded + backBytes(encoded);
}

/** Bytes of an element that holds a small number, below 128. */
export const SMALL_NUMBER_BYTES = 2;

function integerBytes(value: Buffer): number | undefined {
  if (value.length === 0 || value.length > LONGEST_INTEGER) return undefined;
  const text = value.toString('latin1');
  if (!INTEGER.test(text)) return undefined;
  const number = BigInt(text);
  if (number < INT64.min || number > INT64.max) return undefined;
  if (number >= 0n && number < 128n) return 1;
  const size = number < 0n ? -number - 1n : number;
  if (size < 2n ** 12n) return 2;
  if (size < 2n ** 15n) return 3;
  if (size < 2n ** 23n) return 4;
  return size < 2n ** 31n ? 5 : 9;
}

function stringHead(length: number): number {
  if (length < 64) return 1;
  return length < 4096 ? 2 : 5;
}

/** Each element ends with its own length, so that the list can be walked backwards. */
function backBytes(length: number): number {
  if (length < 128) return 1;
  if (length < 16_384) return 2;
  return length < 2_097_152 ? 3 : length < 268_435_456 ? 4 : 5;
}
