import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import * as z from 'zod';
import type { RunOutcome } from '../../backends/process/index.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Finding } from '../../model/finding.ts';
import { stubFor } from '../rehearsal/stubs/index.ts';
import { type StepResult, type StepWorld, stepKind } from '../step.ts';
import { commandError, howItEnded, isSecretName, order, query, shownCommand, tailOf } from './command.ts';
import { argv, text } from './common.ts';

const TIMEOUT_MS = 300_000;

/** A program with its arguments, or the text of a shell where it is called one. */
const program = z.union([
  argv,
  z.strictObject({ shell: text }).transform(({ shell }) => ['/bin/sh', '-c', shell]),
]);

const variable = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .transform((value) => (value === null ? null : String(value)));

const common = {
  /** Default: the folder that the run was started in. */
  cwd: text.optional(),
  /** Over the environment of qctl; null takes a variable away. */
  env: z.record(z.string().regex(/^[^=\0]+$/, 'expected the name of a variable'), variable).default({}),
  undo: program.optional(),
  /** Exit code 0: it is so already. */
  check: program.optional(),
  /** False: it changes nothing, so there is nothing to undo. */
  changes: z.boolean().default(true),
  repeatable: z.boolean().default(false),
  okCodes: z.array(z.number().int().min(0).max(255)).min(1).default([0]),
};

const full = z.union([
  z.strictObject({ run: argv, ...common }),
  z.strictObject({ shell: text, ...common }).transform(({ shell, ...rest }) => ({
    run: ['/bin/sh', '-c', shell],
    ...rest,
  })),
]);

/** What stands behind `exec:` in a plan; a list alone is a program with its arguments. */
export const execSchema = z.preprocess(
  (given) => (Array.isArray(given) ? { run: given } : given),
  full.refine(({ changes, undo }) => changes || undo === undefined, {
    message: 'expected no undo where changes is false',
    path: ['undo'],
  }),
);

type ExecParams = z.output<typeof execSchema>;

/** A command of the plan's own. Its undo is what the plan says, and must bear being run twice, or for nothing. */
export const exec = stepKind<ExecParams, null>({
  name: 'exec',
  schema: execSchema as unknown as z.ZodType<ExecParams>,
  outline: ({ run, undo, changes, repeatable }, hide) => ({
    does: `run ${shown(run, hide)}`,
    undo: undo
      ? { does: `run ${shown(undo, hide)}`, order: 'plain', timeoutMs: TIMEOUT_MS }
      : changes
        ? 'missing'
        : 'nothing',
    repeatable: repeatable || !changes,
    earliestMs: 0,
    timeoutMs: TIMEOUT_MS,
    asks: null,
  }),
  preflight: async ({ run, undo, check, cwd }, world) => {
    const programs = new Set([run, undo, check].flatMap((words) => words?.[0] ?? []));
    const findings = await Promise.all([...programs].map((name) => lookFor(name, cwd, world)));
    return [...findings.flat(), ...(await lookIn(cwd, world))];
  },
  check: async (params, world) => {
    // A stub that obeys everything knows nothing of how things are.
    if (!params.check || (world.rehearsal && stubFor(params.check) === undefined)) return 'unknown';
    const outcome = await query(world, params.check, options(params));
    if (outcome.ended === 'ok') return 'done';
    if (outcome.ended === 'failed' && outcome.code !== null) return 'undone';
    const told = hiding(params, world);
    throw commandError(outcome, `check by ${shown(params.check, told.redact)}`, told);
  },
  capture: async () => null,
  apply: (params, world) => perform(params.run, params.okCodes, params, world),
  undo: async (params, world) => {
    if (!params.undo) return { text: 'nothing to undo' };
    return perform(params.undo, [0], params, world);
  },
});

async function perform(
  words: readonly string[],
  okCodes: readonly number[],
  params: ExecParams,
  world: StepWorld,
): Promise<StepResult> {
  const outcome = await order(world, words, options(params));
  const told = hiding(params, world);
  if (!isOk(outcome, okCodes)) throw commandError(outcome, shown(words, told.redact), told);
  const took = formatDuration(outcome.elapsedMs);
  return {
    text: `${shown(words, told.redact)} ${howItEnded(outcome)} in ${took}`,
    tail: tailOf(outcome, told),
  };
}

function isOk({ ended, code }: RunOutcome, okCodes: readonly number[]): boolean {
  return (ended === 'ok' || ended === 'failed') && code !== null && okCodes.includes(code);
}

function options({ cwd, env }: ExecParams): { cwd?: string; env: Record<string, string | null> } {
  return { cwd, env };
}

/** A command may print what it was given. */
function hiding({ env }: ExecParams, world: StepWorld): Pick<StepWorld, 'redact'> {
  const secrets = Object.entries(env).flatMap(([name, value]) => (isSecretName(name) && value ? value : []));
  return {
    redact: (told) => secrets.reduce((text, secret) => text.replaceAll(secret, '***'), world.redact(told)),
  };
}

function shown(words: readonly string[], hide: (text: string) => string): string {
  return words[0] === '/bin/sh' && words[1] === '-c'
    ? `shell ${shownCommand(words.slice(2), hide)}`
    : shownCommand(words, hide);
}

/** A step before this one may bring it along, so that it is no blocker. */
async function lookFor(name: string, cwd: string | undefined, world: StepWorld): Promise<Finding[]> {
  const folders = name.includes('/') ? [''] : (world.host.env.PATH ?? '').split(delimiter);
  const places = folders.map((folder) =>
    name.includes('/') ? resolve(world.readFrom(cwd ?? '.'), name) : join(folder, name),
  );
  const found = await Promise.all(places.map(isProgram));
  if (found.includes(true)) return [];
  const where = isAbsolute(name) ? 'is not there, or not executable' : 'is not found';
  return [
    {
      level: 'warning',
      code: 'PROGRAM_NOT_FOUND',
      text: `${name} ${where}, unless a step before this one installs it`,
      remedy: 'check the name, PATH and the permissions',
    },
  ];
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function lookIn(cwd: string | undefined, world: StepWorld): Promise<Finding[]> {
  if (cwd === undefined || (await stat(world.readFrom(cwd)).catch(() => undefined))?.isDirectory()) return [];
  return [
    {
      level: 'warning',
      code: 'FOLDER_NOT_FOUND',
      text: `${cwd} is no folder, unless a step before makes it`,
    },
  ];
}
