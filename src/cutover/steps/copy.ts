import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import * as z from 'zod';
import {
  type FileState,
  fileFacts,
  fileState,
  linkTarget,
  writeAtomically,
} from '../../backends/files/index.ts';
import { QctlError } from '../../errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { Backup } from '../backup.ts';
import { type StepResult, type StepWorld, stepKind } from '../step.ts';
import { fileMode, text } from './common.ts';
import { changedSince, folderGone, replaceFindings, restore } from './files.ts';
import { findingsOf } from './value.ts';

const one = z.strictObject({ from: text, to: text, mode: fileMode.optional() });
const schema = z
  .union([one, z.array(one).min(1)])
  .transform((given) => (Array.isArray(given) ? given : [given]));

type File = z.output<typeof one>;

/** Each file as it was, and what `apply` writes. */
type CopyMemento = {
  files: { before: Backup; written: string; mode: number }[];
};

/** Puts copies of files in the place of others. */
export const copy = stepKind<File[], CopyMemento>({
  name: 'copy',
  schema,
  outline: (files) => ({
    does: files.map(({ from, to }) => `copy ${from} to ${to}`).join(', '),
    undo: { does: `restore ${files.map(({ to }) => to).join(', ')}`, order: 'file', timeoutMs: 300_000 },
    repeatable: true,
    earliestMs: 0,
    timeoutMs: 300_000,
    asks: null,
  }),
  preflight: async (files, world) => {
    const found = await Promise.all(files.map((file) => findingsOf(() => preflight(file, world))));
    return found.flat();
  },
  check: async (files, world) => {
    for (const file of files) if (!(await isCopied(file, world))) return 'undone';
    return 'done';
  },
  capture: async (files, world) => {
    const memento: CopyMemento = { files: [] };
    for (const file of files) {
      const before = await world.backups.keep(world.path(file.to));
      const from = await sourceState(file, world);
      memento.files.push({ before, written: from.sha256, mode: file.mode ?? before.mode ?? from.mode });
    }
    return memento;
  },
  apply: async (files, world, memento) => {
    for (const [index, file] of files.entries()) await replace(file, world, memento.files[index]!);
    return { text: files.map(({ from, to }) => `${to} is a copy of ${from}`).join(', ') };
  },
  undo,
});

async function preflight(file: File, world: StepWorld): Promise<Finding[]> {
  const [from, to] = [world.path(file.from), world.path(file.to)];
  await sourceState(file, world);
  const found = await replaceFindings(to, file.to);
  if (found.length > 0 || (await linkTarget(from)) !== (await linkTarget(to))) return found;
  return [
    {
      level: 'blocker',
      code: 'COPY_ONTO_ITSELF',
      text: `${file.from} and ${file.to} are the same file`,
      remedy: 'one of them may be a link to the other: name two files',
    },
  ];
}

async function sourceState({ from }: File, world: StepWorld): Promise<{ sha256: string; mode: number }> {
  const { sha256, mode } = await fileState(world.path(from));
  if (sha256 !== null && mode !== null) return { sha256, mode };
  throw new QctlError('failed', `there is no file ${from}`, {
    code: 'COPY_SOURCE_MISSING',
    hint: ['check the path'],
    details: { path: from },
  });
}

async function isCopied(file: File, world: StepWorld): Promise<boolean> {
  const [from, to] = await Promise.all([fileState(world.path(file.from)), fileState(world.path(file.to))]);
  if (from.sha256 === null || from.sha256 !== to.sha256) return false;
  return file.mode === undefined || file.mode === to.mode;
}

async function replace(file: File, world: StepWorld, as: CopyMemento['files'][number]): Promise<void> {
  const to = world.path(file.to);
  const owner = await fileFacts(to);
  await world.guard();
  await writeAtomically(to, expected(file, world, as.written), { ...owner, mode: as.mode });
}

/** The bytes of the original; throws where they are not those that an undo would know again. */
async function* expected({ from }: File, world: StepWorld, sha256: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(world.path(from)) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') === sha256) return;
  throw new QctlError('failed', `${from} was changed by others while it was to be copied`, {
    code: 'COPY_SOURCE_CHANGED',
    hint: ['put it back as it was and resume, or roll back and start anew'],
    details: { path: from },
  });
}

async function undo(files: File[], world: StepWorld, memento: CopyMemento): Promise<StepResult> {
  const left: string[] = [];
  const failures: QctlError[] = [];
  for (const [index, { to }] of [...files.entries()].reverse()) {
    const { before, written, mode } = memento.files[index]!;
    const now = await fileState(world.path(to));
    if (now.sha256 === before.sha256 && now.mode === before.mode) continue;
    if (!isOurs(now, [written, before.sha256], [mode, before.mode])) {
      failures.push(changedSince(to, before, 'left as found'));
      continue;
    }
    const gone = now.sha256 === null ? await folderGone(world.path(to), to, before) : undefined;
    if (gone) {
      failures.push(gone);
      continue;
    }
    if (now.sha256 === null) left.push(`${to} had been removed by others since, and is written again`);
    await world.guard();
    await restore(world.path(to), before, world.backups);
  }
  if (failures.length > 0) throw allOf(failures);
  const done = files.map(
    ({ to }, index) => `${to} is ${memento.files[index]!.before.path === null ? 'removed' : 'restored'}`,
  );
  return { text: done.join(', '), ...(left.length > 0 ? { left } : {}) };
}

function isOurs(now: FileState, bytes: (string | null)[], modes: (number | null)[]): boolean {
  return now.sha256 === null || (bytes.includes(now.sha256) && modes.includes(now.mode));
}

function allOf(failures: QctlError[]): QctlError {
  const [first, ...others] = failures;
  if (others.length === 0) return first!;
  const { kind, code } = first!;
  const hint = failures.flatMap((failure) => failure.hint);
  return new QctlError(kind, failures.map(({ message }) => message).join('; '), { code, hint });
}
