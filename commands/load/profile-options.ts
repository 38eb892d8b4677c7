import { type Command, InvalidArgumentError, Option } from 'commander';
import { type LoadProfile, profileOf, readProfile } from '../../src/load/index.ts';
import { defined } from '../defined.ts';
import { parseNonNegativeInteger, parsePositiveInteger } from '../options.ts';

/** Flags that say what a profile says, or take the place of what it says. */
export interface ProfileFlags {
  target?: string;
  url?: string;
  stream?: string;
  allowNotEmpty?: boolean;
  rate?: string;
  duration?: string;
  count?: number;
  warmup?: string;
  untilEmpty?: boolean;
  groups?: number;
  producers?: number;
  consumers?: number;
  work?: string;
  payload?: string;
  template?: string;
  keys?: number;
  seed?: number;
  threshold?: string[];
}

/** Adds the flags of {@link ProfileFlags} that say what is loaded, and with what. */
export function addWorkloadOptions<C extends Command>(command: C): C {
  return command
    .addOption(
      new Option('--target <kind>', 'what is loaded (default: redis)').choices([
        'redis',
        'sqs',
        'postgres',
        'http',
      ]),
    )
    .option('--url <url>', 'webhook of target http')
    .option('--stream <name>', 'of target redis: this stream, in place of one of its own')
    .option('--allow-not-empty', 'take a stream or queue that holds messages')
    .option('--groups <n>', 'consumer groups, each of which gets every message', parseNonNegativeInteger)
    .option('--producers <n>', 'connections that send', parsePositiveInteger)
    .option('--consumers <n>', 'of each group', parseNonNegativeInteger)
    .option('--work <duration>', 'how long a consumer works at one message')
    .option('--payload <size>', 'bytes of a message: 256, 4KB (default: 1KB)')
    .option('--template <text>', 'body with {{seq}}, {{uuid}}, {{now}}, {{rand}}, {{key}}')
    .option('--keys <n>', 'ordering keys', parsePositiveInteger)
    .option('--seed <n>', 'of everything random', parseNonNegativeInteger);
}

/** Adds those that say how fast, how long, and what must hold. */
export function addScheduleOptions<C extends Command>(command: C): C {
  command
    .option('--rate <rate>', 'messages a second: 500/s; or max: as fast as the target confirms')
    .option('--duration <duration>', 'how long it sends, warm-up included')
    .option('--count <n>', 'at most so many messages', parsePositiveInteger)
    .option('--warmup <duration>', 'not measured (default: 10s, at most a fifth)')
    .option('--until-empty', 'wait until everything is processed, however long it takes');
  return command.option(
    '--threshold <condition>',
    "what must hold, else it ends with 99: 'p99 < 10ms', 'rate >= 1000/s', 'lost == 0' (repeatable)",
    (given: string, before: string[] = []) => [...before, given],
  );
}

/** The profile of a file, of flags, or of both: flags take the place of what the file says. */
export async function profileFrom(file: string | undefined, flags: ProfileFlags): Promise<LoadProfile> {
  if (file === undefined) return profileOf({ raw: rawOf(flags, {}), folder: process.cwd() });
  return readProfile(file, (raw) => ({ ...raw, ...rawOf(flags, raw) }));
}

/** Parser for a count of runs. */
export function parseRepeat(text: string): number {
  const count = parsePositiveInteger(text);
  if (count <= 100) return count;
  throw new InvalidArgumentError('expected a whole number from 1 to 100');
}

function rawOf(flags: ProfileFlags, raw: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { rate, duration, count, warmup, groups, keys, seed, payload, template, threshold } = flags;
  const sized = payload ?? (template === undefined ? undefined : { template });
  return {
    ...defined({
      duration,
      count,
      warmup,
      groups,
      seed,
      untilEmpty: flags.untilEmpty,
      thresholds: threshold,
    }),
    // A rate in place of other arrivals.
    ...(rate !== undefined && { rate, arrivals: undefined }),
    ...(sized !== undefined && { payload: sized, payloadBytes: undefined }),
    ...(keys !== undefined && { keys: { count: keys } }),
    ...targetOf(flags, raw.target),
    ...part('producers', raw.producers, { count: flags.producers }),
    ...part('consumers', raw.consumers, { count: flags.consumers, work: flags.work }),
  };
}

function targetOf(
  { target, url, stream, allowNotEmpty }: ProfileFlags,
  given: unknown,
): Record<string, unknown> {
  const said = defined({ kind: target, url, stream, allowNotEmpty });
  if (Object.keys(said).length === 0) return {};
  const before = typeof given === 'string' ? { kind: given } : ((given as object | undefined) ?? {});
  const same = target === undefined || (before as { kind?: string }).kind === target;
  return { target: Object.assign({ kind: 'redis' }, same ? before : {}, said) };
}

function part(name: string, given: unknown, said: Record<string, unknown>): Record<string, unknown> {
  const known = defined(said);
  if (Object.keys(known).length === 0) return {};
  const before = typeof given === 'number' ? { count: given } : ((given as object | undefined) ?? {});
  return { [name]: { ...before, ...known } };
}
