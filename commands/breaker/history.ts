import { type BreakerEvent, checkBreakerName, knownBreakers, readEvents } from '../../src/breaker/index.ts';
import { isPattern } from '../../src/config/streams.ts';
import { matchesPattern } from '../../src/model/key-pattern.ts';
import { serverTimeMs } from '../../src/streams/index.ts';
import { askRedis } from '../ask-redis.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, parsePositiveInteger } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { renderResult } from '../term/render.ts';
import { refuseUnknown } from './chosen.ts';
import { eventLine } from './event-text.ts';
import { parseSince } from './since.ts';
import { eventToJson } from './to-json.ts';

/** The flags of `breaker history`. */
export interface HistoryFlags {
  since?: string;
  limit: number;
}

/** `qctl breaker history [PATTERN…]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runBreakerHistory): QctlCommand {
  const command = createCommand(entry)
    .option('--since <time>', 'from then on: 2h for two hours ago, or a time')
    .option('--limit <n>', 'at most so many, the newest (default: 20)', parsePositiveInteger, 20);
  addConnectionOptions(command, ['redis']);
  command.addHelpText('after', `\n${NUANCES}`);
  addExamples(command, [
    ['qctl breaker history', 'what happened to all breakers, the newest last'],
    ["qctl breaker history wazuh-api --since '2026-11-21 22:00' --limit 500", 'the night of one of them'],
  ]);
  return command.action((names: string[], flags: HistoryFlags) => run(context, names, flags));
}

const NUANCES = `Redis keeps the last 10,000 events of all breakers together: transitions with their cause, overrides and settings
with who did it and why.`;

/** Carries it out. */
export async function runBreakerHistory(
  context: Context,
  names: string[],
  { since, limit }: HistoryFlags,
): Promise<void> {
  const { io, options } = context;
  if (since !== undefined) parseSince(since, 0);
  for (const name of names) if (!isPattern(name)) checkBreakerName(name);
  const redis = await context.redis();
  const sinceMs = since === undefined ? undefined : parseSince(since, await serverTimeMs(redis));
  const events = await askRedis(redis, 'read the events of the circuit breakers', () =>
    readEvents(redis, { wanted: wantedBy(names), sinceMs, limit }),
  );
  if (events.length === 0) await explainNothing(context, names);
  await renderResult(io, options, {
    type: 'breaker-event',
    data: events.map(eventToJson),
    table: () => linesOf(context, events),
  });
}

function linesOf({ io }: Context, events: readonly BreakerEvent[]): string {
  return events.map((event) => eventLine(io.stdout, event)).join('');
}

/** Which breakers names and patterns mean; null where they mean all. */
export function wantedBy(names: readonly string[]): ((breaker: string) => boolean) | null {
  if (names.length === 0) return null;
  return (breaker) =>
    names.some((name) => name === breaker || (isPattern(name) && matchesPattern(name, breaker)));
}

/** What nobody knows and has no events is a typing error. */
async function explainNothing(context: Context, names: readonly string[]): Promise<void> {
  const { io, options } = context;
  const redis = await context.redis();
  const known = await askRedis(redis, 'list the circuit breakers', () => knownBreakers(redis));
  const all = [...known, ...Object.keys((await context.config()).breakers)];
  refuseUnknown({ unknown: names.filter((name) => !isPattern(name) && !all.includes(name)), known: all });
  if (io.stderr.isTTY && !options.quiet) io.stderr.write('no events are known\n');
}
