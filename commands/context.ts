import type { PostgresOptions } from '../src/backends/postgres/index.ts';
import type { RedisConnection, RedisOptions } from '../src/backends/redis/index.ts';
import type { SqsOptions } from '../src/backends/sqs/index.ts';
import type { Environment } from '../src/config/environment.ts';
import type { Flags, ResolvedConfig } from '../src/config/resolve.ts';
import type { Asker } from './asker.ts';
import type { Cleaners } from './cleaners.ts';
import type { Interrupt } from './confirm.ts';
import type { GlobalOptions } from './options.ts';
import { Scopes } from './scopes.ts';
import { type AskedProfile, Settled } from './settled.ts';
import type { SignalWatch, StopSignal } from './signals.ts';
import type { Io } from './term/io.ts';

/** All that a command may touch. Nothing is read or connected before it is asked for. */
export interface Context {
  /** Of this run of the action: with `--watch` each has its own, so it is to be read inside the action. */
  readonly io: Io;
  readonly env: Environment;
  /** Of qctl: `1.2.3`. */
  readonly version: string;
  now(): Date;
  /** The global flags; filled in by the time the command's action runs. */
  readonly options: GlobalOptions;
  /** Resolved once. Throws a `config` error that names file, line, field and value. */
  config(): Promise<ResolvedConfig>;
  /** Throws a `config` error where nothing names a Redis. */
  redisOptions(): Promise<RedisOptions>;
  /**
   * The Redis that the configuration names: connected at the first call, closed when the command has
   * ended. Throws as `redisOptions` and `connectRedis` do; the next call after a failure tries again.
   */
  redis(): Promise<RedisConnection>;
  /** With a name: the source of the configuration, under the flags. Throws `config` where it is missing. */
  postgresOptions(sourceName?: string): Promise<PostgresOptions>;
  /** See {@link Context.postgresOptions}. */
  sqsOptions(sourceName?: string): Promise<SqsOptions>;
  /** The broker of Celery. See {@link Context.postgresOptions}. */
  brokerOptions(sourceName?: string): Promise<RedisOptions>;
  /**
   * True on a yes or with `--yes`. Throws `declined` on a no, and `refused` where there is no
   * terminal to ask on; `hint` says then what to do, where that is not `--dry-run`.
   */
  confirm(question: string, hint?: string): Promise<boolean>;
  /**
   * For questions with answers of their own; with `--yes` it gives each question's default. Throws `refused` where
   * there is no terminal to ask on.
   */
  asker(about: string, hint: string): Promise<Asker>;
  /**
   * Asks for a text to be typed, such as the name of what is about to be deleted. Passes on that text
   * or with `--yes`. Throws `declined` on any other, and `refused` where there is no terminal to ask on.
   */
  confirmTyped(expected: string, question: string): Promise<void>;
  /** The profile that a flag or a variable names; undefined: neither does. */
  askedProfile(): AskedProfile | undefined;
  /**
   * The profile of the configuration where neither flag nor variable names one: that of a plan, or of a run.
   * What was resolved, or connected, with another one does not count any more.
   */
  useProfile(name: string): void;
  /** As `confirm`, while something runs: see `askMeanwhile` in confirm.ts. */
  askMeanwhile(question: string, taken: AbortSignal): Promise<boolean | undefined>;
  /** Aborted by the first SIGINT or SIGTERM, the reason being its name: finish the batch, report, return. */
  readonly signal: AbortSignal;
  /** Aborted by the second, right before the process ends. */
  readonly hardSignal: AbortSignal;
  /** Set by a command while stopping at once may leave something to be repeated: says what. */
  onHardStop?: () => string;
  /** Set by a command that draws a moving line: called when a question of `askMeanwhile` stands, and when it is gone. */
  onQuestion?: (standing: boolean) => void;
  /** Set by a command that finishes something else than a batch at the first signal: `the step in hand`. */
  finishing?: string;
  /** Set by a command that follows and ends at once at the first signal: nothing needs to be said then. */
  stopsAtOnce?: boolean;
  /**
   * Runs when the command has ended (with `--watch` the run of its action), the last registered first;
   * its errors are shown with --verbose only.
   */
  onCleanup(clean: () => unknown): void;
}

/** What {@link createContext} is made of. */
export interface ContextParts {
  io: Io;
  env: Environment;
  /** Default `0.0.0-dev`. */
  version?: string;
  now?: () => Date;
  watch: SignalWatch;
}

/** A context whose flags are still to be filled in. */
export interface OpenContext extends Context {
  /** Called once the flags are parsed. */
  fill(options: GlobalOptions, flags: Flags): void;
  /**
   * One of many runs of an action. What it prints goes to this io, and what it registered with
   * `onCleanup` runs at its end; the connection of `redis()` stays.
   */
  turn<T>(io: Io, work: () => Promise<T>): Promise<T>;
  cleanUp(): Promise<void>;
}

/** The context of one run of the binary. */
export function createContext(parts: ContextParts): OpenContext {
  const { env, watch, version = '0.0.0-dev', now = () => new Date() } = parts;
  const options: GlobalOptions = { output: 'table', quiet: false, verbose: false, yes: false, dryRun: false };
  const scopes = new Scopes(parts.io, () => options.verbose);
  const settled = new Settled(parts.io, env, options);
  const connect = () => onceDone(() => openRedis(context, scopes.whole));
  let redis = connect();
  const context: OpenContext = {
    get io() {
      return scopes.io;
    },
    ...{ env, version, now, options, signal: watch.signal, hardSignal: watch.hardSignal },
    config: () => settled.config(),
    redisOptions: async () => (await settled.connections()).redis(),
    redis: () => redis(),
    postgresOptions: async (name) => (await settled.connections()).postgres(name),
    sqsOptions: async (name) => (await settled.connections()).sqs(name),
    brokerOptions: async (name) => (await settled.connections()).broker(name),
    ...questions(() => context, interruptOf(watch)),
    askedProfile: () => settled.askedProfile(),
    useProfile(name) {
      if (settled.useProfile(name)) redis = connect();
    },
    onCleanup: (clean) => scopes.onCleanup(clean),
    fill(chosen, flags) {
      Object.assign(options, chosen);
      settled.fill(flags);
    },
    turn: (io, work) => scopes.turn(io, work),
    cleanUp: () => scopes.cleanUp(),
  };
  return context;
}

/** Loaded only where something is asked. */
function questions(
  context: () => Context,
  interrupt: Interrupt,
): Pick<Context, 'confirm' | 'asker' | 'confirmTyped' | 'askMeanwhile'> {
  return {
    confirm: async (question, hint) =>
      (await import('./confirm.ts')).confirm(context(), question, interrupt, hint),
    asker: async (about, hint) => (await import('./asker.ts')).openAsker(context(), interrupt, about, hint),
    confirmTyped: async (expected, question) =>
      (await import('./confirm.ts')).confirmTyped(context(), expected, question, interrupt),
    askMeanwhile: async (question, taken) =>
      (await import('./confirm.ts')).askMeanwhile(context(), question, interrupt, taken),
  };
}

/** Remembers a success; after a failure the next call tries again. */
function onceDone<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    done ??= work().catch((error) => {
      done = undefined;
      throw error;
    });
    return done;
  };
}

async function openRedis(context: Context, cleaners: Cleaners): Promise<RedisConnection> {
  const { connectRedis } = await import('../src/backends/redis/index.ts');
  const redis = await connectRedis(await context.redisOptions());
  cleaners.add(() => redis.close());
  return redis;
}

function interruptOf(watch: SignalWatch): (signal: StopSignal) => void {
  return (signal) => watch.deliver(signal);
}
