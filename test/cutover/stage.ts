import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CutoverHost,
  type CutoverOptions,
  type CutoverPlan,
  type CutoverReport,
  type CutoverStatus,
  resumeCutover,
  rollbackCutover,
  startCutover,
} from '../../src/cutover/index.ts';
import { ownFolder, removeFolder } from '../support/server-process.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { hostOf, optionsOf, type Tiny } from './tiny.ts';

/** A run that a test watches. */
export interface Running {
  done: Promise<CutoverReport>;
  notes: string[];
  until(what: string, fits: (status: CutoverStatus) => boolean): Promise<CutoverStatus>;
  run(): Promise<string>;
  /** As Ctrl-C does. */
  interrupt(): void;
}

/** A folder, a plan's name and a host, for one test. */
export interface Stage {
  folder: string;
  name: string;
  host: ReturnType<typeof hostOf>;
  options: CutoverOptions;
  of(name: string, mode?: Tiny['mode'], order?: Tiny['order']): Tiny;
  touch(name: string): Promise<void>;
  start(plan: CutoverPlan, more?: Partial<CutoverOptions>): Running;
  resume(run: string, plan: CutoverPlan, more?: Partial<CutoverOptions>): Running;
  back(run: string, plan: CutoverPlan, more?: Partial<CutoverOptions>): Promise<CutoverReport>;
  close(): Promise<void>;
}

/** Sets one up, over the Redis that all tests share where no other is named. */
export function openStage(measure?: CutoverHost['measure'], url = sharedRedisUrl()): Stage {
  const folder = ownFolder('stage');
  const host = hostOf(url, measure);
  const options = optionsOf(join(folder, 'state'));
  return {
    ...{ folder, host, options, name: uniqueName('plan') },
    of: (name, mode, order) => ({ folder, name, mode, order }),
    touch: (name) => writeFile(join(folder, name), ''),
    start: (plan, more) =>
      watched((events, signal) => startCutover(plan, host, { ...options, ...more }, events, signal)),
    resume: (run, plan, more) =>
      watched((events, signal) => resumeCutover(run, plan, host, { ...options, ...more }, events, signal)),
    back: (run, plan, more) =>
      rollbackCutover(run, plan, host, { ...options, ...more }, {}, new AbortController().signal),
    async close() {
      await host.close();
      await removeFolder(folder);
    },
  };
}

type Work = (events: Parameters<typeof startCutover>[3], signal: AbortSignal) => Promise<CutoverReport>;

function watched(work: Work): Running {
  let last: CutoverStatus | undefined;
  const notes: string[] = [];
  const stop = new AbortController();
  const status = (one: CutoverStatus): void => {
    last = one;
  };
  const done = work({ status, note: (text) => notes.push(text) }, stop.signal);
  done.catch(() => undefined);
  const until: Running['until'] = (what, fits) =>
    waitFor(() => (last && fits(last) ? last : undefined), { what });
  return {
    ...{ done, notes, until },
    run: async () => (await until('a run', () => true)).run,
    interrupt: () => stop.abort('SIGINT'),
  };
}

/** True while that step is in hand. */
export const at = (id: string) => (status: CutoverStatus) =>
  status.steps.find((one) => one.id === id)?.state === 'running';
