import { crc32 } from 'node:zlib';
import type { LoadProfile } from '../profile/profile.ts';
import type { LoadDoors } from '../run-types.ts';
import type { PayloadMaker } from './payload.ts';

/** What messages hold, as the profile says. */
export async function openPayload(profile: LoadProfile, _doors: LoadDoors): Promise<PayloadMaker> {
  const { bytes } = profile.payload as { bytes: number };
  const body = Buffer.alloc(bytes, 'x');
  const crc = crc32(body);
  const keys = profile.keys?.count ?? 0;
  return {
    meanBytes: bytes,
    next: (seq) => ({ body, crc, key: keys ? `key-${seq % keys}` : null, keyIndex: keys ? seq % keys : -1 }),
  };
}
