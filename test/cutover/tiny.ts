import { access, appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { takeBaseline, watchChecks } from '../../src/checks/index.ts';
import type {
  BackupStore,
  CutoverHost,
  CutoverOptions,
  CutoverPlan,
  PlannedStep,
} from '../../src/cutover/index.ts';
import { type StepOutline, stepKind, type UndoOrder, type UndoOutline } from '../../src/cutover/step.ts';
import { QctlError } from '../../src/errors.ts';
import { pause } from '../../src/model/patience.ts';

/** A line of `world.log` that stands there once it is done: `+a` where it was done, `-a` where it was undone. */
export interface Tiny {
  folder: string;
  name: string;
  /** How it goes: `slow` waits for the file `go-NAME`, or its signal; `fail` until there is the file `mended-NAME`. */
  mode?: 'slow' | 'fail' | 'blind' | 'badUndo' | 'lostBackup' | 'ask';
  order?: UndoOrder;
  resource?: string;
}

export async function logOf(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'world.log'), 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function isDone({ folder, name }: Tiny): Promise<boolean> {
  return (await logOf(folder)).findLast((line) => line.slice(1) === name) === `+${name}`;
}

const log = ({ folder, name }: Tiny, sign: '+' | '-'): Promise<void> =>
  appendFile(join(folder, 'world.log'), `${sign}${name}\n`);

/** Writes a line when it is applied and another when it is undone. */
export const tiny = stepKind<Tiny, string>({
  name: 'tiny',
  schema: z.any() as z.ZodType<Tiny>,
  outline: ({ name, order = 'plain', resource }): StepOutline => ({
    does: `do ${name}`,
    undo: { does: `undo ${name}`, order, resource, timeoutMs: 1000 },
    repeatable: true,
    earliestMs: 0,
    timeoutMs: 20_000,
    asks: null,
  }),
  check: async (params) => {
    if (params.mode === 'blind') return 'unknown';
    return (await isDone(params)) ? 'done' : 'undone';
  },
  capture: async ({ name }) => `before ${name}`,
  apply: async (params, world) => {
    const { folder, name, mode } = params;
    while (mode === 'slow' && !(await isThere(join(folder, `go-${name}`)))) {
      await pause(15, world.signal);
      world.signal.throwIfAborted();
    }
    while (mode === 'ask' && !(await world.approval())) {
      world.waiting('approval');
      await pause(15, world.signal);
      world.signal.throwIfAborted();
    }
    if (mode === 'fail' && !(await isThere(join(folder, `mended-${name}`))))
      throw new Error(`${name} is broken`);
    await world.guard();
    await log(params, '+');
    return { text: `${name} is done` };
  },
  undo: async (params, _, memento) => {
    if (memento !== `before ${params.name}`) throw new Error('that is not what was captured');
    if (params.mode === 'lostBackup')
      throw new QctlError('failed', 'its backup is of no use', {
        code: 'BACKUP_DAMAGED',
        hint: ['restore it'],
      });
    if (params.mode === 'badUndo') throw new Error(`${params.name} stays`);
    if (await isDone(params)) await log(params, '-');
    return { text: `${params.name} is undone` };
  },
});

export function step(params: Tiny, more: Partial<PlannedStep> = {}): PlannedStep {
  const outline = tiny.outline(params, String);
  const asks = params.mode === 'ask' ? `approval of ${params.name}` : null;
  return {
    ...{ id: params.name, stage: null, kind: tiny, params, outline: { ...outline, asks }, timeoutMs: 20_000 },
    ...{
      undoTimeoutMs: 5000,
      retries: 0,
      retryDelayMs: 10,
      repeatable: params.mode !== 'blind',
      undo: 'auto',
    },
    ...{ check: null, pointOfNoReturn: false, onFailure: 'rollback', line: 1, ...more },
  } as PlannedStep;
}

export function plan(name: string, steps: PlannedStep[], more: Partial<CutoverPlan> = {}): CutoverPlan {
  return {
    ...{
      path: 'plan.yaml',
      text: '',
      hash: 'sha256:1',
      name,
      profile: null,
      lock: name,
      variables: {},
      secrets: ['s3cret'],
    },
    window: { notBefore: null, notAfter: null, timezone: null, jitterMs: 0 },
    ...{ baseline: null, preflight: [], checks: [], steps, freezes: [], notify: [] },
    rollback: {
      ...{
        budgetMs: null,
        health: [],
        healthTimeoutMs: 2000,
        returns: [],
        returnTimeoutMs: 2000,
        onInterrupt: false,
        keepMs: null,
      },
    },
    ...more,
  };
}

export function undoOutline(of: PlannedStep): UndoOutline {
  return of.outline.undo as UndoOutline;
}

/** A host as a command makes it, over one connection to that Redis. */
export function hostOf(
  url: string,
  measure: CutoverHost['measure'] = async () => 0,
): CutoverHost & { close(): Promise<void> } {
  let redis: Promise<RedisConnection> | undefined;
  const none = (): never => {
    throw new Error('no step of these tests needs it');
  };
  return {
    redis: () => {
      redis ??= connectRedis({ url, connectTimeoutMs: 5000 }).catch((error) => {
        redis = undefined;
        throw error;
      });
      return redis;
    },
    ...{ postgres: none, sqs: none, broker: none, drainRequest: none, backRequest: none, measure, env: {} },
    streams: async () => ({}),
    operator: { by: 'night@host', host: 'host' },
    now: () => new Date(),
    close: async () => (await redis?.catch(() => undefined))?.close(),
  };
}

export function optionsOf(stateFolder: string, more: Partial<CutoverOptions> = {}): CutoverOptions {
  return {
    stateFolder,
    version: '0',
    pollMs: 40,
    graceMs: 300,
    parts: {
      watchChecks,
      takeBaseline,
      returnMessages: async () => ({ text: 'given back' }),
      backups: () => ({}) as BackupStore,
    },
    ...more,
  };
}
