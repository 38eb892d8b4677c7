import { createReadStream } from 'node:fs';
import { QctlError } from '../../errors.ts';
import { parseRecordedTime, type RecordedTime, type TimeKind } from './recorded-time.ts';

const CHUNK_BYTES = 256 * 1024;
/** No line with a time is longer by far; a file without lines must not fill the memory. */
const LONGEST_LINE = 1024 * 1024;
const FIRST_ROOM = 1024;
const BYTE_ORDER_MARK = 'ï»¿';

/**
 * Reads recorded arrival times, one a line or in the first column of a CSV: RFC 3339, seconds, or ms since 1970. Blank
 * lines, lines with `#` in front and a heading are passed over.
 *
 * @returns ms since the first one, in order
 * @throws QctlError `config` LOAD_ARRIVALS_INVALID that names file and line
 */
export async function readRecording(file: string): Promise<Float64Array> {
  const recording = new Recording(file);
  try {
    for await (const lines of linesOf(file)) for (const line of lines) recording.add(line);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof QctlError || code === undefined) throw error;
    throw invalid(`cannot read recording ${file} (${code})`, ['check the path behind replay:'], error);
  }
  return recording.times();
}

async function* linesOf(file: string): AsyncGenerator<string[]> {
  let rest = '';
  // Whatever a line holds behind its time: times are ASCII.
  for await (const chunk of createReadStream(file, { encoding: 'latin1', highWaterMark: CHUNK_BYTES })) {
    const lines = (rest + (chunk as string)).split('\n');
    rest = lines.pop()!;
    yield lines;
    if (rest.length > LONGEST_LINE)
      throw invalid(`recording ${file} has a line of more than 1 MiB`, ['write one time a line']);
  }
  if (rest !== '') yield [rest];
}

class Recording {
  readonly #file: string;
  #line = 0;
  #count = 0;
  #first = 0;
  #last = 0;
  #kind: TimeKind | undefined;
  #headed = false;
  #times = new Float64Array(FIRST_ROOM);

  constructor(file: string) {
    this.#file = file;
  }

  add(line: string): void {
    this.#line += 1;
    const text = firstColumn(this.#line === 1 ? line.replace(BYTE_ORDER_MARK, '') : line);
    if (text === '' || text.startsWith('#')) return;
    const time = parseRecordedTime(text);
    if (time) this.#keep(time);
    else if (this.#count === 0 && !this.#headed && /^[A-Za-z_]/.test(text)) this.#headed = true;
    else throw this.#bad('is no time', [EXPECTED]);
  }

  times(): Float64Array {
    if (this.#count === 0)
      throw invalid(`recording ${this.#file} holds no time`, [`write one a line: ${EXPECTED}`]);
    return this.#times.slice(0, this.#count);
  }

  #keep({ kind, ms }: RecordedTime): void {
    if (this.#count === 0) [this.#kind, this.#first, this.#last] = [kind, ms, ms];
    if (kind !== this.#kind)
      throw this.#bad(`is written as ${WORDS[kind]}, those before it as ${WORDS[this.#kind!]}`, [
        'write all times in one way',
      ]);
    if (ms < this.#last)
      throw this.#bad('is earlier than the time before it', ['sort the recording by its time']);
    if (this.#count === this.#times.length) this.#grow();
    this.#times[this.#count] = ms - this.#first;
    this.#count += 1;
    this.#last = ms;
  }

  #grow(): void {
    const larger = new Float64Array(this.#times.length * 2);
    larger.set(this.#times);
    this.#times = larger;
  }

  #bad(problem: string, hint: string[]): QctlError {
    return invalid(`${this.#file}:${this.#line}: the line ${problem}`, hint);
  }
}

const EXPECTED = 'a time such as 2026-01-31T09:00:00.25Z, seconds such as 12.5, or ms since 1970';
const WORDS = { seconds: 'seconds', epochMs: 'ms since 1970', rfc3339: 'RFC 3339' };

function firstColumn(line: string): string {
  const end = line.search(/[,;\t]/);
  return (end < 0 ? line : line.slice(0, end)).trim().replace(/^(["'])(.*)\1$/, '$2');
}

/** An error in what is to arrive when. */
export function invalid(message: string, hint: string[], cause?: unknown): QctlError {
  return new QctlError('config', message, { code: 'LOAD_ARRIVALS_INVALID', hint, cause });
}
