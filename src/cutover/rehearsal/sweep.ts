import { lstat, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isGone, type ProcessPlace } from '../../backends/process/place.ts';
import { REHEARSALS } from '../../model/keys.ts';
import { askRedis } from '../door.ts';
import type { CutoverHost } from '../host.ts';
import { forgetTraces } from './forget.ts';
import { FOLDER_PREFIX, OWNER_FILE } from './sandbox.ts';

/** Of a process that this host cannot see: no rehearsal takes so long. */
const STALE_MS = 86_400_000;
/** An empty folder may be one that is just being made. */
const EMPTY_MS = 60_000;

/** Takes away what rehearsals have left whose processes were killed. Who is at work keeps what it has. */
export async function sweepRehearsals(host: CutoverHost): Promise<void> {
  await sweepFolders();
  const entries = await askRedis(host, 'look for rehearsals', ({ client }) => client.hgetall(REHEARSALS));
  for (const [name, text] of Object.entries(entries)) {
    const { routes, place, sinceMs } = readEntry(text);
    if (isGone(place) || host.now().getTime() - sinceMs > STALE_MS)
      await forgetTraces(host, { name, routes });
  }
}

function readEntry(text: string): { routes: string[]; place: ProcessPlace; sinceMs: number } {
  try {
    return JSON.parse(text);
  } catch {
    return { routes: [], place: { host: '', place: '', pid: 0, started: '' }, sinceMs: 0 };
  }
}

async function sweepFolders(): Promise<void> {
  const all = await readdir(tmpdir()).catch(() => []);
  const folders = all.filter((name) => name.startsWith(FOLDER_PREFIX)).map((name) => join(tmpdir(), name));
  for (const folder of folders) await sweepFolder(folder).catch(() => undefined);
}

/** Only folders of this user: what another has put there is not touched. */
async function sweepFolder(folder: string): Promise<void> {
  const { uid, mtimeMs } = await lstat(folder);
  if (uid !== process.getuid?.()) return;
  const owner = await readFile(join(folder, OWNER_FILE), 'utf8').catch(() => undefined);
  // One with something in it and no owner is none of ours: it is left by this, too.
  if (owner === undefined) return Date.now() - mtimeMs > EMPTY_MS ? rmdir(folder) : undefined;
  if (isGone(JSON.parse(owner) as ProcessPlace)) await rm(folder, { recursive: true, force: true });
}
