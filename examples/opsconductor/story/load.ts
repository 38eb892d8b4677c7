import { readFileSync } from 'node:fs';
import { cpus, setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadResult } from '../../../src/load/index.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import type { Team } from './team.ts';

const SHOWN =
  /^(LATENCY|end to end +planned|processing|confirmed +[\d,]+\/s|correctness|memory|limit|ok|failed +\w+ [<>=]|passed|invalid)/;

const MOST_TRIES = 10;

/** What the team promises of throughput, latency and memory, of groups and consumers, and of all at once. */
export async function load(stage: Stage, team: Team): Promise<void> {
  heading('Load: what is promised');
  prefer(team.serverPid);
  throughput(stage, await untilUndisturbed(stage, team, 'load'));
  limits(stage, await untilUndisturbed(stage, team, 'load-limits'));
  heading('Load: all at once, as far as this machine can');
  all(stage, await run(stage, team, 'load-all'));
}

function throughput({ figures }: Stage, { verdict, rates, latency, counts, backend }: LoadResult): void {
  const [rate, mean] = [rates.reached ?? 0, latency.endToEnd?.mean ?? Infinity];
  const megabytes = (backend.memoryGrowthBytes ?? Infinity) / 1e6;
  figures.held('load: messages a second', rate.toFixed(0), {
    wanted: '1,000 or more',
    holds: verdict === 'passed' && rate >= 1000,
  });
  figures.held('load: mean from published to processed', `${mean.toFixed(2)} ms`, {
    wanted: 'under 10 ms',
    holds: mean < 10,
  });
  figures.told('load: mean from delivered to acknowledged', `${latency.processing?.mean.toFixed(2)} ms`);
  figures.held(`load: memory for ${counts.confirmed} messages`, `${megabytes.toFixed(1)} MB`, {
    wanted: 'under 100 MB',
    holds: counts.confirmed >= 10_000 && megabytes < 100,
  });
}

function limits({ figures }: Stage, result: LoadResult): void {
  const mean = result.latency.endToEnd?.mean ?? Infinity;
  const processed = `${result.rates.processed?.toFixed(0)}/s, ${mean.toFixed(2)} ms`;
  figures.held('ten groups of fifty: processed, mean', processed, {
    wanted: 'over 1,000/s, under 10 ms',
    holds: result.verdict === 'passed' && mean < 10,
  });
}

function all({ figures }: Stage, { verdict, rates, counts, target, latency, generator }: LoadResult): void {
  const mean = latency.endToEnd?.mean.toFixed(2);
  figures.told(
    'all at once: result, messages a second, mean',
    `${verdict}, ${rates.reached?.toFixed(0)}, ${mean} ms`,
  );
  figures.told('all at once: was the generator the limit', generator.limited ? 'yes' : 'no');
  const due = counts.confirmed * target.groups;
  figures.held(
    'all at once: processed; lost, doubled',
    `${counts.processed}; ${counts.lost}, ${counts.doubled}`,
    {
      wanted: `${due}, by 500 consumers; 0, 0`,
      holds: target.groups === 10 && counts.processed === due && counts.lost === 0 && counts.doubled === 0,
    },
  );
}

/** What a busy machine has spoilt is done once more. */
async function untilUndisturbed(stage: Stage, team: Team, profile: string): Promise<LoadResult> {
  for (let tries = 1; ; tries += 1) {
    await untilRoom();
    const result = await run(stage, team, profile);
    if (result.verdict === 'passed' || tries === MOST_TRIES) return result;
    print('\nSomething else kept this machine busy: once more.\n');
  }
}

/** Its result, from the file. */
async function run({ folder }: Stage, { terminal }: Team, profile: string): Promise<LoadResult> {
  const { child, ended } = terminal.follow(
    ['load', 'run', `${profile}.yaml`, '--save', `${profile}.json`],
    SHOWN,
  );
  prefer(child.pid!);
  const { code, stderr } = await ended;
  if (![0, 1, 99].includes(code ?? -1)) throw new Error(`the load test ended with code ${code}\n${stderr}`);
  return JSON.parse(readFileSync(join(folder, `${profile}.json`), 'utf8')).runs[0];
}

/** What is measured goes before whatever else this machine has to do, where the one who asks may say so. */
function prefer(pid: number): void {
  try {
    setPriority(pid, -5);
  } catch {
    // Only root may: what was spoilt is done once more then.
  }
}

/** Generator and Redis share the machine: other work on it is let end first, for a while. */
async function untilRoom(): Promise<void> {
  for (let looks = 0; looks < 6; looks += 1) {
    const before = idleMs();
    await sleep(500);
    if (idleMs() - before > 500) return;
  }
}

/** Of all cores together, since the machine was started. */
function idleMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.idle, 0);
}
