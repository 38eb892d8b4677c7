import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { fileFacts, sha256Of, writeAtomically } from '../../backends/files/index.ts';
import { QctlError } from '../../errors.ts';
import { type StepResult, type StepWorld, stepKind } from '../step.ts';
import { fileMode, text } from './common.ts';
import { type EnvChange, editEnvText, isSo, toBytes, toText } from './env-edit.ts';
import { type EnvMemento, undoEnvFile } from './env-file-undo.ts';
import { envFindings } from './env-findings.ts';
import { READERS } from './env-readers.ts';
import { parseEnvText } from './env-text.ts';
import { findingsOf, resolveValues, valueSource } from './value.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const name = z.string().regex(NAME, 'expected the name of a variable, such as QUEUE_TYPE');

const schema = z
  .strictObject({
    file: text,
    set: z.record(name, valueSource).default({}),
    remove: z.array(name).default([]),
    create: fileMode.optional(),
    readers: z
      .array(z.enum(READERS))
      .min(1)
      .default([...READERS]),
  })
  .superRefine(({ set, remove }, context) => {
    const both = remove.filter((one) => one in set);
    if (both.length > 0) context.addIssue(`${both.join(', ')} cannot be set and removed at once`);
    if (Object.keys(set).length + remove.length === 0) context.addIssue('expected set, remove or both');
  });

/** What stands behind `envFile` in a plan. */
export type EnvFileParams = z.output<typeof schema>;

/** Sets and removes variables in a file such as .env, and leaves everything else in it as it is. */
export const envFile = stepKind<EnvFileParams, EnvMemento>({
  name: 'envFile',
  schema,
  outline: (params) => ({
    does: describe(params),
    undo: { does: `restore ${params.file}`, order: 'file', timeoutMs: 30_000 },
    repeatable: true,
    earliestMs: 0,
    timeoutMs: 30_000,
    asks: null,
  }),
  preflight: (params, world) =>
    findingsOf(async () => envFindings(params, await changeOf(params, world), world.path(params.file))),
  check: async (params, world) => {
    const bytes = await bytesOf(world.path(params.file));
    if (!bytes) return Object.keys(params.set).length === 0 ? 'done' : 'undone';
    return isSo(toText(bytes), await changeOf(params, world)) ? 'done' : 'undone';
  },
  capture: async (params, world) => {
    const before = await world.backups.keep(world.path(params.file));
    const now = before.path === null ? undefined : await world.backups.read(before);
    return { before, after: await world.backups.keepBytes(await edited(params, world, now)) };
  },
  apply,
  undo: (params, world, memento) => undoEnvFile(params, world, memento),
});

async function apply(params: EnvFileParams, world: StepWorld, memento: EnvMemento): Promise<StepResult> {
  const path = world.path(params.file);
  const now = await bytesOf(path);
  const sha256 = now ? await sha256Of([now]) : null;
  const asCaptured = sha256 === memento.before.sha256;
  const next = asCaptured ? await world.backups.read(memento.after) : await edited(params, world, now);
  const facts = await fileFacts(path);
  await world.guard();
  await writeAtomically(path, next, facts ?? { mode: params.create });
  const notes = notesOn(params, toText(next));
  if (!asCaptured && sha256 !== memento.after.sha256) notes.push('it was changed by others just before');
  return { text: [describe(params), ...notes].join('; ') };
}

/** The bytes with the change in them. */
async function edited(params: EnvFileParams, world: StepWorld, now: Buffer | undefined): Promise<Buffer> {
  if (!now && params.create === undefined) throw missing(params.file);
  const before = now ? toText(now) : '';
  try {
    return toBytes(editEnvText(before, await changeOf(params, world)));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new QctlError('config', `cannot write ${params.file}: ${error.message}`, {
      code: 'ENV_VALUE',
      hint: ['see the preflight: not every reader of such files can read every value'],
    });
  }
}

async function changeOf(params: EnvFileParams, world: StepWorld): Promise<EnvChange> {
  const { remove, readers } = params;
  return { set: await resolveValues(params.set, world, 'set'), remove, readers };
}

async function bytesOf(path: string): Promise<Buffer | undefined> {
  // A folder or a pipe is refused here, and not read.
  return (await fileFacts(path)) ? readFile(path) : undefined;
}

/** `set QUEUE_TYPE, REDIS_URL and remove SQS_URL in /etc/app.env`; never a value. */
function describe({ file, set, remove }: EnvFileParams): string {
  const names = Object.keys(set);
  const parts = [
    names.length > 0 && `set ${names.join(', ')}`,
    remove.length > 0 && `remove ${remove.join(', ')}`,
  ];
  return `${parts.filter(Boolean).join(' and ')} in ${file}`;
}

function notesOn({ set }: EnvFileParams, written: string): string[] {
  const all = parseEnvText(written);
  const doubled = Object.keys(set).filter((one) => all.filter((found) => found.name === one).length > 1);
  return doubled.length > 0
    ? [`more than once in it: ${doubled.join(', ')}; the last was changed, which counts`]
    : [];
}

function missing(file: string): QctlError {
  return new QctlError('failed', `there is no file ${file}`, {
    code: 'ENV_FILE_MISSING',
    hint: ["check the path, or let it be made with create: '0640'"],
    details: { path: file },
  });
}
