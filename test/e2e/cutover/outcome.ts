import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CutoverReport } from '../../../src/cutover/index.ts';
import { waitFor } from '../../support/wait.ts';
import type { Night } from './night.ts';

/** How a run of qctl ended, with its report. */
export interface Outcome {
  code: number | null;
  report: CutoverReport;
}

/** Runs a command whose report is JSON. */
export async function carriedOut(night: Night, args: string[]): Promise<Outcome> {
  return outcomeOf(await night.qctl([...args, '--yes', '-o', 'json']));
}

/** A process that works on a run. */
export interface Work {
  child: ChildProcess;
  ended: Promise<Outcome>;
  /** Its name, once it has one. */
  run: Promise<string>;
}

/** Starts something whose report is JSON, and returns at once. */
export function begun(night: Night, args: string[]): Work {
  const { child, done, stderr } = night.spawn([...args, '--yes', '-o', 'json']);
  const run = waitFor(() => /\brun (\S+-\d{8}-\d{6}-\w+) of /.exec(stderr())?.[1], {
    what: 'the beginning of the run',
    timeoutMs: 60_000,
  });
  const ended = done.then(outcomeOf);
  for (const promise of [run, ended]) promise.catch(() => {});
  return { child, run, ended };
}

/**
 * Kills a process that works on a run at some instant: so many lines of the journal later, and not quite with the
 * last of them. Lines, so that it is the same share of the work on any machine.
 */
export async function killed(night: Night, work: Work, mostLines: number): Promise<void> {
  const run = await work.run;
  const wanted = linesOf(night, run) + 1 + Math.floor(Math.random() * mostLines);
  const { child } = work;
  const isOver = () => child.exitCode !== null;
  await waitFor(() => isOver() || linesOf(night, run) >= wanted, { what: 'progress', timeoutMs: 60_000 });
  await sleep(Math.random() * 200);
  child.kill('SIGKILL');
  await waitFor(() => isOver() || child.signalCode !== null, { what: 'its end' });
}

function linesOf({ folder }: Night, run: string): number {
  const journal = join(folder, 'state', 'qctl', 'cutovers', `${run}.jsonl`);
  return existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').length : 0;
}

function outcomeOf({
  code,
  stdout,
  stderr,
}: {
  code: number | null;
  stdout: string;
  stderr: string;
}): Outcome {
  if (!stdout) throw new Error(`qctl ended with ${code} and no report\n${stderr}`);
  return { code, report: JSON.parse(stdout) };
}
