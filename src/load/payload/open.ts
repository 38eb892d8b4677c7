import { isUtf8 } from 'node:buffer';
import type { LoadProfile } from '../profile/profile.ts';
import type { LoadDoors } from '../run-types.ts';
import { type Bodies, inTurn, invalid, MOST_BODY_BYTES } from './bodies.ts';
import { fileBodies, lineBodies, readBytes } from './file.ts';
import { keyPicker } from './keys.ts';
import type { PayloadMaker } from './payload.ts';
import { randomOf } from './random.ts';
import { sampledBodies } from './sample.ts';
import { fixedBodies, sizedBodies } from './sized.ts';
import { templateBodies } from './template.ts';

/**
 * Prepares what the messages of a run hold. Files are read and a source is sampled here, once.
 *
 * @param signal ends the sampling of a source
 * @throws QctlError `config` LOAD_PAYLOAD_INVALID that names the field; for samples also `refused` SAMPLE_EMPTY,
 *   SAMPLE_NEEDS_RECEIVE, and whatever keeps the source from being read
 */
export async function openPayload(
  profile: LoadProfile,
  doors: LoadDoors,
  signal: AbortSignal = new AbortController().signal,
): Promise<PayloadMaker> {
  const bodies = await openBodies(profile, doors, signal);
  const nextKey = profile.keys && keyPicker(profile.keys, randomOf(profile.seed, 'keys'));
  return {
    meanBytes: bodies.meanBytes,
    next(seq) {
      const keyIndex = nextKey ? nextKey() : -1;
      const key = nextKey ? `key-${keyIndex}` : null;
      const { body, crc } = bodies.next(seq, key);
      return { body, crc, key, keyIndex };
    },
  };
}

async function openBodies(profile: LoadProfile, doors: LoadDoors, signal: AbortSignal): Promise<Bodies> {
  const { payload, folder, seed, keys } = profile;
  if ('bytes' in payload) return fixedBodies(payload.bytes, randomOf(seed, 'text'));
  if ('sizes' in payload) return sizedBodies(payload.sizes, randomOf(seed, 'sizes'));
  if ('file' in payload) return (payload.lines ? lineBodies : fileBodies)(payload.file, folder);
  if ('sample' in payload) return inTurn(await sampledBodies(payload.sample, seed, doors, signal));
  const parts = { random: randomOf(seed, 'template'), keyed: keys !== null };
  if ('template' in payload) return templateBodies(payload.template, { ...parts, field: 'template' });
  const bytes = await readBytes('templateFile', payload.templateFile, folder, MOST_BODY_BYTES);
  if (!isUtf8(bytes))
    throw invalid('templateFile', `${payload.templateFile} is no UTF-8 text`, [
      'use file: for what is no text',
    ]);
  return templateBodies(bytes.toString(), { ...parts, field: 'templateFile' });
}
