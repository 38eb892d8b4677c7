import type { RedisConnection } from '../../src/backends/redis/index.ts';
import {
  type ControlChange,
  type ControlResult,
  type Decider,
  type Decision,
  showDecision,
} from '../../src/drain/index.ts';
import { askRedis } from '../ask-redis.ts';
import type { Context } from '../context.ts';
import { renderResult } from '../term/render.ts';
import { type Column, formatTable } from '../term/table.ts';
import { startedBy } from './run-drain.ts';

/** The flag that every verb of control has. */
export interface ReasonFlags {
  reason?: string;
}

/** Flag and description of `--reason`. */
export const REASON = ['--reason <text>', 'why, for those who look at the run later'] as const;

/** Does it, and prints what stood there before and what stands there now. */
export async function control(
  context: Context,
  doing: string,
  { reason }: ReasonFlags,
  act: (redis: RedisConnection, decider: Decider) => Promise<ControlResult>,
): Promise<void> {
  const { io, options } = context;
  const redis = await context.redis();
  const decider = { by: startedBy(), reason: reason ?? null, dryRun: options.dryRun };
  const { changes, processes } = await askRedis(redis, doing, () => act(redis, decider));
  if (!options.quiet) io.stderr.write(`${reach(processes, options.dryRun)}\n`);
  await renderResult(io, options, {
    type: 'run-control',
    data: changes.map((change) => shown(change, processes, options.dryRun)),
    table: () => formatTable(io.stdout, COLUMNS, changes),
  });
}

function shown({ run, what, prior, next }: ControlChange, processes: number, dryRun: boolean): object {
  return { run, control: what, prior: decision(prior), next: decision(next), processes, dryRun };
}

function decision(one: Decision | null): object | null {
  return one && { ...(one.value !== '' && { value: one.value }), ...showDecision(one) };
}

function reach(processes: number, dryRun: boolean): string {
  const who =
    processes === 0 ? 'no process is' : processes === 1 ? '1 process is' : `${processes} processes are`;
  const when = processes === 0 ? '' : `, and ${dryRun ? 'would notice' : 'will notice'} within a second`;
  return `${dryRun ? 'nothing was changed (--dry-run); ' : ''}${who} at work on the run${when}`;
}

const COLUMNS: Column<ControlChange>[] = [
  { head: 'RUN', value: ({ run }) => run, whole: true },
  { head: 'WHAT', value: ({ what }) => what },
  { head: 'BEFORE', value: ({ prior }) => textOf(prior), wrap: true },
  { head: 'NOW', value: ({ next }) => textOf(next), wrap: true },
];

function textOf(one: Decision | null): string | null {
  if (!one) return null;
  const { by, since, reason } = showDecision(one);
  const value = one.value === '' ? '' : `${one.value}, `;
  return `${value}by ${by} at ${since.slice(0, 19)}Z${reason ? `: ${reason}` : ''}`;
}
