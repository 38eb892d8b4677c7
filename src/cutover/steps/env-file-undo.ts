import { readFile } from 'node:fs/promises';
import { type FileFacts, fileFacts, sha256Of, writeAtomically } from '../../backends/files/index.ts';
import type { Backup } from '../backup.ts';
import type { StepResult, StepWorld } from '../step.ts';
import { sameIn, toBytes, toText, withFormer } from './env-edit.ts';
import type { Reader } from './env-readers.ts';
import { changedSince, folderGone, restore } from './files.ts';

/** The file before, and as `apply` writes it: nothing else is needed, whatever became of the values' sources. */
export type EnvMemento = {
  before: Backup;
  after: Backup;
};

interface Params {
  file: string;
  set: Readonly<Record<string, unknown>>;
  remove: readonly string[];
  readers: readonly Reader[];
}

/**
 * Byte for byte what it was, where nobody else has changed the file. Else only these variables are put back,
 * as far as they still are what was written, and the rest stays.
 *
 * @throws QctlError `failed` FILE_CHANGED where others have changed these variables
 */
export async function undoEnvFile(
  params: Params,
  world: StepWorld,
  memento: EnvMemento,
): Promise<StepResult> {
  const { file } = params;
  const { before, after } = memento;
  const path = world.path(file);
  const facts = await fileFacts(path);
  const now = facts ? await readFile(path) : undefined;
  const sha256 = now ? await sha256Of([now]) : null;
  if (sha256 === before.sha256) return { text: `${file} is as it was` };
  const gone = now ? undefined : await folderGone(path, file, before);
  if (gone) throw gone;
  if (!now || !facts || sha256 === after.sha256) {
    await world.guard();
    await restore(path, facts && before.path !== null ? { ...before, ...facts } : before, world.backups);
    if (!now) return { text: `${file} is written again`, left: [`${file} had been removed by others since`] };
    return { text: before.path === null ? `${file} is removed` : `${file} is restored` };
  }
  return undoVariables(params, world, memento, { bytes: now, facts });
}

async function undoVariables(
  params: Params,
  world: StepWorld,
  { before, after }: EnvMemento,
  now: { bytes: Buffer; facts: FileFacts },
): Promise<StepResult> {
  const { file, set, remove, readers } = params;
  const former = before.path === null ? '' : toText(await world.backups.read(before));
  const written = toText(await world.backups.read(after));
  const changed: string[] = [];
  let text = toText(now.bytes);
  for (const name of [...Object.keys(set), ...remove]) {
    if (sameIn(text, former, name, readers)) continue;
    if (sameIn(text, written, name, readers)) text = withFormer(text, former, name);
    else changed.push(name);
  }
  const next = toBytes(text);
  if (!next.equals(now.bytes)) {
    await world.guard();
    await writeAtomically(world.path(file), next, now.facts);
  }
  if (changed.length > 0) throw changedSince(file, before, `${changed.join(', ')} left as found`);
  const left =
    before.path === null
      ? `${file} was not there before, and stays for what others wrote in it`
      : `${file} was changed by others since, and keeps what they changed`;
  return { text: `the variables in ${file} are as they were`, left: [left] };
}
