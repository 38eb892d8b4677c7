import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { hideSecrets } from '../../src/config/redact.ts';
import { openBackups } from '../../src/cutover/backups.ts';
import type { CutoverHost } from '../../src/cutover/host.ts';
import type { AnyStepKind, Json, StepWorld } from '../../src/cutover/step.ts';

/** A folder that is gone after the test. */
export async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qctl-files-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What a test sees of a step besides its result. */
export interface Seen {
  notes: string[];
  waits: (string | null)[];
  commands: string[][];
}

/** A world in which files are themselves and nothing else is there, unless the test gives it. */
export function filesWorld(
  folder: string,
  given: Omit<Partial<StepWorld>, 'host'> & { host?: Partial<CutoverHost> } = {},
) {
  const seen: Seen = { notes: [], waits: [], commands: [] };
  const hidden: string[] = [];
  const nowhere = (): never => {
    throw new Error('not given by the test');
  };
  const host = { env: {}, operator: { by: 'ann', host: 'h1' }, now: () => new Date(), ...given.host };
  const world = {
    run: 'run-1',
    plan: 'orders',
    step: 'flip',
    rehearsal: false,
    signal: new AbortController().signal,
    command: nowhere,
    path: (path: string) => path,
    readFrom: (path: string) => path,
    key: (name: string) => name,
    backups: openBackups(join(folder, 'backups')),
    redis: nowhere,
    variables: {},
    redact: (text: string) => hideSecrets(text, hidden),
    hide: (value: string) => void hidden.push(value),
    note: (text: string) => void seen.notes.push(text),
    waiting: (reason: string | null) => void seen.waits.push(reason),
    approval: async () => undefined,
    watch: nowhere,
    guard: async () => {},
    ...given,
    host: host as unknown as CutoverHost,
  } as StepWorld;
  return Object.assign(world, { seen });
}

/** A step of a plan: its parameters as in YAML, and every verb with them. */
export function step(kind: AnyStepKind, written: unknown, world: StepWorld) {
  const params = kind.schema.parse(written);
  return {
    params,
    outline: kind.outline(params as never, world.redact),
    preflight: async () => (await kind.preflight?.(params as never, world)) ?? [],
    check: () => kind.check(params as never, world),
    capture: async (): Promise<Json> =>
      JSON.parse(JSON.stringify(await kind.capture(params as never, world))) as Json,
    apply: (memento: Json) => kind.apply(params as never, world, memento),
    undo: (memento: Json) => kind.undo!(params as never, world, memento),
    rehearse: () => kind.rehearse!(params as never, world),
  };
}
