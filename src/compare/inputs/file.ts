import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { isQctlError, QctlError } from '../../errors.ts';
import { openTexts, readValue, type Value } from '../json.ts';
import type { CompareWork, FileInput } from '../request.ts';
import { LineCutter } from './lines.ts';
import type { ReadRecord, SideReader, Unreadable } from './reader.ts';

const CHUNK_BYTES = 1 << 18;
/** 64 MiB in one line: somebody has named another file. */
const MOST_LINE_BYTES = 1 << 26;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Reads lines of JSON, compressed or not. */
export function fileReader(input: FileInput, work: CompareWork): SideReader {
  const isFed = input.chunks !== undefined;
  return { label: input.path, decode: decodeLine, isFed, read: () => recordsOf(input, work) };
}

function decodeLine(text: string): Value {
  return openTexts(readValue(text));
}

async function* recordsOf(
  input: FileInput,
  { signal }: CompareWork,
): AsyncGenerator<(ReadRecord | Unreadable)[]> {
  const chunks = input.chunks ?? createReadStream(input.path, { highWaterMark: CHUNK_BYTES });
  const tooLong = () =>
    unreadable(input.path, 'a line of it is longer than 64 MiB', ['it must hold one JSON document a line']);
  const cutter = new LineCutter();
  let line = 0;
  const take = (lines: readonly Buffer[]) =>
    lines.flatMap((bytes) => {
      line += 1;
      return toRecord(line === 1 ? withoutMark(bytes) : bytes, line) ?? [];
    });
  try {
    for await (const chunk of uncompressed(stopping(chunks, signal))) {
      yield take(cutter.cut(chunk));
      if (cutter.restBytes > MOST_LINE_BYTES) throw tooLong();
    }
  } catch (error) {
    // Cut off by the stop: what is compressed.
    if (!signal.aborted) throw explain(input.path, error);
  }
  // The last line may be cut off as well.
  if (!signal.aborted) yield take(cutter.end());
}

/** Ends at the signal, even where the next piece never comes: stdin may be a terminal. */
async function* stopping(chunks: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  const pieces = chunks[Symbol.asyncIterator]();
  let wake: (() => void) | undefined;
  const stop = () => wake?.();
  signal.addEventListener('abort', stop);
  try {
    while (!signal.aborted) {
      // Not a race with one promise for all: that would keep every piece until the end.
      const next = await new Promise<IteratorResult<Buffer> | undefined>((resolve, reject) => {
        wake = () => resolve(undefined);
        pieces.next().then(resolve, reject);
      });
      if (!next || next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    void pieces.return?.();
  }
}

function toRecord(bytes: Buffer, line: number): ReadRecord | Unreadable | undefined {
  const position = `line ${line}`;
  const text = bytes.toString();
  if (text.trim() === '') return undefined;
  try {
    return { position, timeMs: null, text: bytes, value: decodeLine(text) };
  } catch (error) {
    const deep = error instanceof RangeError;
    return { position, problem: deep ? 'it is nested too deeply' : 'it is no JSON' };
  }
}

function withoutMark(line: Buffer): Buffer {
  return line.subarray(0, 3).equals(BYTE_ORDER_MARK) ? line.subarray(3) : line;
}

/** As it is, or unpacked where it begins as gzip does. */
async function* uncompressed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const rest = chunks[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const { value, done } = await rest.next();
    if (done) break;
    head = Buffer.concat([head, value as Buffer]);
  }
  const all = goOn(head, rest);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return yield* all;
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // What goes wrong comes out at the other end.
  pipeline(Readable.from(all), gunzip).catch(() => undefined);
  yield* gunzip as AsyncIterable<Buffer>;
}

async function* goOn(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

function explain(path: string, error: unknown): unknown {
  if (isQctlError(error) || !(error instanceof Error)) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (!/^(?:E[A-Z]+|Z_[A-Z_]+)$/.test(code)) return error;
  return code.startsWith('Z_')
    ? unreadable(path, 'its compressed data is damaged or cut off', ['make the file again'], error)
    : unreadable(path, code, ['check the name, and that you may read it'], error);
}

function unreadable(path: string, why: string, hint: string[], cause?: unknown): QctlError {
  return new QctlError('failed', `cannot read ${path}: ${why}`, {
    code: 'COMPARE_UNREADABLE',
    hint,
    details: { file: path },
    cause,
  });
}
