import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { runProgram } from '../../src/backends/process/index.ts';
import type { Backup, BackupStore } from '../../src/cutover/backup.ts';
import type { CutoverHost } from '../../src/cutover/host.ts';
import type { AnyStepKind, Json, StepResult, StepWorld } from '../../src/cutover/step.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';

/** A world for one step of a test, with what was said in it. */
export interface TestWorld extends StepWorld {
  /** Of this world alone. */
  folder: string;
  notes: string[];
  /** Every reason for waiting that was given. */
  waits: string[];
  dispose(): Promise<void>;
}

export interface WorldOverrides extends Partial<Omit<StepWorld, 'host'>> {
  host?: Partial<CutoverHost>;
  /** Environment of children, in place of a PATH with nothing special on it. */
  env?: Record<string, string>;
  /** Hidden wherever they show. */
  secrets?: string[];
}

/** A step's world with real processes and a folder of its own; whatever is not given and is asked for, throws. */
export function makeStepWorld(overrides: WorldOverrides = {}): TestWorld {
  const { env = { PATH: '/usr/bin:/bin' }, secrets: given = [], host, ...rest } = overrides;
  const secrets = [...given];
  const folder = ownFolder('step');
  const notes: string[] = [];
  const waits: string[] = [];
  const signal = rest.signal ?? new AbortController().signal;
  return {
    run: 'run-1',
    startedAt: new Date().toISOString(),
    brought: () => 0,
    plan: 'orders',
    step: 'step-1',
    rehearsal: false,
    host: {
      ...missing('redis', 'postgres', 'sqs', 'drainRequest', 'backRequest', 'measure'),
      env,
      operator: { by: 'tester', host: 'here' },
      now: () => new Date(),
      ...host,
    } as CutoverHost,
    signal,
    command: (options) => runProgram({ ...options, signal }),
    path: (path) => path,
    readFrom: (path) => path,
    key: (name) => name,
    backups: memoryBackups(),
    variables: { QCTL_RUN: 'run-1', QCTL_PLAN: 'orders', QCTL_STEP: 'step-1' },
    redact: (text) => secrets.reduce((told, secret) => told.replaceAll(secret, '***'), text),
    hide: (value) => void secrets.push(value),
    note: (text) => notes.push(text),
    waiting: (reason) => {
      if (reason !== null) waits.push(reason);
    },
    approval: async () => undefined,
    guard: async () => undefined,
    ...(missing('redis', 'watch') as unknown as Pick<StepWorld, 'redis' | 'watch'>),
    ...rest,
    folder,
    notes,
    waits,
    dispose: () => removeFolder(folder),
  };
}

function missing(...names: string[]): Record<string, () => never> {
  const refuse = (name: string) => (): never => {
    throw new Error(`this world has no ${name}`);
  };
  return Object.fromEntries(names.map((name) => [name, refuse(name)]));
}

/** Keeps bytes as long as the test runs. */
export function memoryBackups(): BackupStore {
  const kept = new Map<string, Buffer>();
  const keepBytes = async (bytes: Buffer): Promise<Backup> => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    kept.set(sha256, Buffer.from(bytes));
    return { path: `memory:${sha256}`, sha256, mode: null, uid: null, gid: null };
  };
  const read = async ({ sha256 }: Backup): Promise<Buffer> => kept.get(sha256!)!;
  return {
    keepBytes,
    read,
    keep: async (path: string) => {
      const bytes = await readFile(path).catch(() => null);
      if (bytes === null) return { path: null, sha256: null, mode: null, uid: null, gid: null };
      const { mode, uid, gid } = await stat(path);
      return { ...(await keepBytes(bytes)), mode: mode & 0o7777, uid, gid };
    },
    stream: async function* (backup: Backup) {
      yield await read(backup);
    },
  } as BackupStore;
}

/** One step, as a plan gives it. */
export interface TestStep {
  params: unknown;
  outline: ReturnType<AnyStepKind['outline']>;
  preflight(): Promise<{ level: string; code: string; text: string }[]>;
  check(): Promise<'done' | 'undone' | 'unknown'>;
  /** `check`, then capture and apply unless it is done, in the order of the runner. */
  run(): Promise<StepResult | 'already'>;
  /** With what the last `run` captured, or with what is given. */
  undo(memento?: Json): Promise<StepResult>;
  memento(): Json;
}

/** The steps that a kind makes of what stands behind its key in a plan. */
export function stepsOf(kind: AnyStepKind, written: unknown, world: StepWorld): TestStep[] {
  const params = kind.schema.parse(written);
  const expanded = kind.expand?.(params as never) ?? [{ suffix: null, params }];
  return expanded.map((one) => testStep(kind, one.params as never, world));
}

/** The only step of its kind; see {@link stepsOf}. */
export function stepOf(kind: AnyStepKind, written: unknown, world: StepWorld): TestStep {
  const steps = stepsOf(kind, written, world);
  if (steps.length !== 1) throw new Error(`expected one step, got ${steps.length}`);
  return steps[0]!;
}

function testStep(kind: AnyStepKind, params: never, world: StepWorld): TestStep {
  let memento: Json = null;
  return {
    params,
    outline: kind.outline(params, world.redact),
    preflight: async () => (await kind.preflight?.(params, world)) ?? [],
    check: () => kind.check(params, world),
    run: async () => {
      if ((await kind.check(params, world)) === 'done') return 'already';
      memento = await kind.capture(params, world);
      // As after a crash: it is read from the journal.
      memento = JSON.parse(JSON.stringify(memento)) as Json;
      return kind.apply(params, world, memento);
    },
    undo: async (given = memento) => kind.undo!(params, world, given),
    memento: () => memento,
  };
}
