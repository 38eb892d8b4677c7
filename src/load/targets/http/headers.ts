import { resolve } from 'node:path';
import { readConfiguredFile } from '../../../config/secrets.ts';
import { QctlError } from '../../../errors.ts';
import type { HttpTargetProfile } from '../../profile/target-schema.ts';

type Given = HttpTargetProfile['headers'][string];

/** What each message has its own of, or the connection. */
const OWN = new Set(['content-length', 'transfer-encoding', 'connection', 'x-qctl-load-id']);

/** Where `{ env }` and `{ file }` are looked up. */
export interface HeaderPlaces {
  env: Readonly<Record<string, string | undefined>>;
  /** Of the profile. */
  folder: string;
}

/**
 * Headers with their secrets read, in lower case.
 *
 * @throws QctlError `config` that names the field, and never repeats a value
 */
export async function readHeaders(
  headers: HttpTargetProfile['headers'],
  places: HeaderPlaces,
): Promise<Record<string, string>> {
  const read: Record<string, string> = {};
  for (const [name, given] of Object.entries(headers)) {
    const field = `target.headers.${name}`;
    if (OWN.has(name.toLowerCase())) throw refused(field, 'qctl sets this header by itself', 'leave it out');
    const value = await readValue(given, places, field);
    // What Node says of such a value repeats it.
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
      throw refused(field, 'it holds what no header can carry', 'look for line breaks in it');
    read[name.toLowerCase()] = value;
  }
  return read;
}

async function readValue(given: Given, { env, folder }: HeaderPlaces, field: string): Promise<string> {
  if (typeof given === 'string') return given;
  const value =
    'env' in given
      ? env[given.env]
      : (await readConfiguredFile(resolve(folder, given.file), field)).replace(/\r?\n$/, '');
  if (value) return value;
  const why = 'env' in given ? `${given.env} is not set` : 'the file is empty';
  throw refused(field, why, 'set the variable, or name a file that this user may read');
}

function refused(field: string, why: string, hint: string): QctlError {
  return new QctlError('config', `${field}: ${why}`, {
    code: 'LOAD_HEADER',
    hint: [hint],
    details: { field },
  });
}
