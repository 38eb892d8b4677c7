import type { Answer, Terminal } from '../../kit/terminal.ts';
import type { Team } from './team.ts';

/** The times of a night in those of an example; the files keep the real ones. */
const quickly = { every: '150ms', learn: '400ms' };

/** The lines of a report that matter. */
export const REPORT = /^ *(#|\d+) |^(run|plan|result|state|why|undone|took|returned|left) /;

/** How long the way back took, as the report of a run tells it: `took 5.2s of 20m00s`. */
function tookMs(report: string): number {
  const [, minutes = 0, count, unit] = /^took +(?:(\d+)m)?([\d.]+)(ms|s) of /m.exec(report) ?? [];
  return Number(minutes) * 60_000 + Number(count) * (unit === 'ms' ? 1 : 1000);
}

/** How a run stands after a command: its name, and what the command ended with. */
export interface Stand {
  run: string;
  code: number | null;
  why: string;
  /** How long the way back took; NaN where there was none. */
  backMs: number;
}

/** Ways in which a run may be wanted to stand. */
export const COMPLETED = ({ code }: Stand) => code === 0;
export const ROLLED_BACK = ({ code }: Stand) => code === 12;
export const AT_APPROVAL = ({ code, why }: Stand) => code === 11 && why.includes('approval');

/**
 * Carries a plan out until it stands as is wanted. A share in which no job came through, on a busy machine, holds the run,
 * since no data is never a pass: it is resumed then, as an operator would.
 *
 * @returns how it stands then
 */
export async function carryOut(
  { ops }: Team,
  asked: { plan: string; change: string; times: Record<string, string>; until?: (stand: Stand) => boolean },
): Promise<Stand> {
  const { plan, change, times, until = COMPLETED } = asked;
  const set = Object.entries({ ...times, ...quickly }).flatMap(([name, value]) => [
    '--set',
    `${name}=${value}`,
  ]);
  const args = ['cutover', 'run', plan, '--yes', '--no-wait', '--reason', change, ...set];
  const stand = standOf(await ops.runBriefly(args, REPORT, [0, 11, 12]));
  return until(stand) ? stand : resumed(ops, stand.run, until);
}

/** Takes a run up until it stands as is wanted. */
export async function resumed(
  terminal: Terminal,
  run: string,
  until: (stand: Stand) => boolean,
  lines = REPORT,
): Promise<Stand> {
  for (let tries = 0; tries < 5; tries += 1) {
    const args = ['cutover', 'resume', run, '--yes', '--no-wait'];
    const stand = standOf(await terminal.runBriefly(args, lines, [0, 11, 12]));
    if (until(stand)) return stand;
    if (stand.code !== 11) break;
  }
  throw new Error(`${run} has come to another end`);
}

/** How a run stands, by the report that a command has ended with. */
export function standOf({ code, stdout }: Answer): Stand {
  const line = (name: string) => new RegExp(`^${name} +(.+)$`, 'm').exec(stdout)?.[1] ?? '';
  return { code, run: line('run'), why: line('why'), backMs: tookMs(stdout) };
}
