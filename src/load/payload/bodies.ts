import { crc32 } from 'node:zlib';
import { QctlError } from '../../errors.ts';

/** What one message holds, and its CRC-32. Shared between messages: nobody changes it. */
export interface Body {
  body: Buffer;
  crc: number;
}

/** Makes the bodies of messages; asked once for each `seq`, in order. */
export interface Bodies {
  next(seq: number, key: string | null): Body;
  readonly meanBytes: number;
}

/** As large as a body may be. */
export const MOST_BODY_BYTES = 16 * 1024 * 1024;

/** A body that has been made once and for all. */
export function bodyOf(body: Buffer): Body {
  return { body, crc: crc32(body) };
}

/** These bodies, one after the other, over and over. At least one. */
export function inTurn(all: readonly Buffer[]): Bodies {
  const bodies = all.map(bodyOf);
  return {
    next: (seq) => bodies[seq % bodies.length]!,
    meanBytes: all.reduce((sum, { length }) => sum + length, 0) / all.length,
  };
}

/** An error in `payload:` of a profile. */
export function invalid(field: string, problem: string, hint: string[], cause?: unknown): QctlError {
  return new QctlError('config', `payload.${field}: ${problem}`, {
    code: 'LOAD_PAYLOAD_INVALID',
    hint,
    cause,
  });
}
