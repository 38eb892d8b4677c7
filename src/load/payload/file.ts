import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatBytes } from '../../model/bytes.ts';
import { type Bodies, inTurn, invalid, MOST_BODY_BYTES } from './bodies.ts';

/** All lines are kept in memory. */
const MOST_LINES_BYTES = 256 * 1024 * 1024;

/** The whole file as every body. Throws `config` LOAD_PAYLOAD_INVALID, as {@link lineBodies} does. */
export async function fileBodies(path: string, folder: string): Promise<Bodies> {
  return inTurn([await readBytes('file', path, folder, MOST_BODY_BYTES)]);
}

/** The lines of a file in turn, without what ends them; empty ones are passed over. */
export async function lineBodies(path: string, folder: string): Promise<Bodies> {
  const bytes = await readBytes('file', path, folder, MOST_LINES_BYTES);
  const lines: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const found = bytes.indexOf(LINE_FEED, from);
    const end = found < 0 ? bytes.length : found;
    const line = bytes.subarray(from, bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end);
    if (line.length > MOST_BODY_BYTES)
      throw invalid('file', `${path} has a line of more than ${formatBytes(MOST_BODY_BYTES)}`, [
        'shorten it',
      ]);
    if (line.length > 0) lines.push(line);
    from = end + 1;
  }
  if (lines.length === 0) throw invalid('file', `${path} has no line with anything in it`, [BEHIND]);
  return inTurn(lines);
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BEHIND = 'relative paths count from the folder of the profile';

/**
 * Reads a file that a profile names.
 *
 * @param field of `payload:`, for the error
 * @throws QctlError `config` LOAD_PAYLOAD_INVALID where it cannot be read or is larger than `most`
 */
export async function readBytes(field: string, path: string, folder: string, most: number): Promise<Buffer> {
  const whole = resolve(folder, path);
  try {
    const { size } = await stat(whole);
    if (size > most)
      throw invalid(field, `${whole} has ${formatBytes(size)}, at most ${formatBytes(most)} are taken`, [
        'take a part of it',
      ]);
    return await readFile(whole);
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw invalid(field, `cannot read ${whole} (${code})`, [BEHIND], error);
  }
}
