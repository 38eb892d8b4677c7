import { endOfEvents } from '../../src/breaker/index.ts';
import { askRedis } from '../ask-redis.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError } from '../stream-work.ts';
import { requireChosen } from './chosen.ts';
import { EventFollower } from './follow-events.ts';
import { warnForgotten } from './warn-forgotten.ts';

/** `qctl breaker watch [PATTERN…]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runBreakerWatch): QctlCommand {
  const command = createCommand(entry);
  addConnectionOptions(command, ['redis']);
  command.addHelpText('after', `\n${NUANCES}`);
  addExamples(command, [
    ['qctl breaker watch', 'how all breakers stand, and then whatever happens to them'],
    ["qctl breaker watch 'wazuh-*' -o ndjson", 'a line of JSON for each event, for a script'],
  ]);
  return command.action((names: string[]) => run(context, names));
}

const NUANCES = `First comes a line for each breaker as it stands, then one for each transition, override and change of settings.
An override whose time is over and that nobody takes away is told as well.`;

/** Carries it out. */
export async function runBreakerWatch(context: Context, names: string[]): Promise<void> {
  refuseConflicts(context);
  context.stopsAtOnce = true;
  const redis = await context.redis();
  const follower = await EventFollower.open(context, names);
  // Before the look: what happens in between is told twice rather than never.
  const behind = await askRedis(redis, 'read the events of the circuit breakers', () => endOfEvents(redis));
  const { breakers, unmatched } = await requireChosen(context, names);
  const { io, options } = context;
  if (io.stderr.isTTY && !options.quiet)
    for (const pattern of unmatched) io.stderr.write(`no circuit breaker matches ${pattern} yet\n`);
  warnForgotten(context, breakers);
  await follower.showAll(breakers);
  await follower.follow(behind);
}

/** Throws before anything is connected to. */
function refuseConflicts({ options: { output, outFile } }: Context): void {
  if (outFile !== undefined) {
    const hint = 'redirect stdout';
    throw usageError('--out-file is written at the end, watching has none', 'FOLLOW_CONFLICT', hint);
  }
  if (output === 'table' || output === 'ndjson') return;
  const hint = 'use -o ndjson: it appends lines';
  throw usageError(`-o ${output} is one document, watching has no end`, 'FOLLOW_CONFLICT', hint);
}
