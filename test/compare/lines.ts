import { type CompareRequest, type Comparison, compare, type FileInput } from '../../src/compare/index.ts';

/** Records as a file of lines would have them, in pieces that end anywhere. */
export function fileOf(lines: readonly unknown[], pieceBytes = 1000): FileInput {
  const text = Buffer.from(
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  async function* chunks() {
    for (let at = 0; at < text.length; at += pieceBytes) yield text.subarray(at, at + pieceBytes);
  }
  return { kind: 'file', path: 'lines', chunks: chunks() };
}

export type Options = Partial<CompareRequest> & { signal?: AbortSignal; nowMs?: number };

/** Compares two lists of records, by their `id` unless another key is given. */
export function compareLines(
  old: readonly unknown[],
  fresh: readonly unknown[],
  { signal = new AbortController().signal, nowMs = Date.now(), ...options }: Options = {},
): Promise<Comparison> {
  return compare(
    { old: fileOf(old), new: fileOf(fresh), key: ['id'], minMatched: null, ...options },
    { signal, waiting: () => undefined, now: () => new Date(nowMs) },
  );
}
