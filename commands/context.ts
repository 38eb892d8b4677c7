import type { PostgresOptions } from '../src/backends/postgres/index.ts';
import type { RedisOptions } from '../src/backends/redis/index.ts';
import type { SqsOptions } from '../src/backends/sqs/index.ts';
import type { Environment } from '../src/config/environment.ts';
import type { Flags, ResolvedConfig } from '../src/config/resolve.ts';
import type { GlobalOptions } from './options.ts';
import type { SignalWatch, StopSignal } from './signals.ts';
import type { Io } from './term/io.ts';

/** All that a command may touch. Nothing is read or connected before it is asked for. */
export interface Context {
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
  /** With a name: the source of the configuration, under the flags. Throws `config` where it is missing. */
  postgresOptions(sourceName?: string): Promise<PostgresOptions>;
  /** See {@link Context.postgresOptions}. */
  sqsOptions(sourceName?: string): Promise<SqsOptions>;
  /**
   * True on a yes or with `--yes`. Throws `declined` on a no, and `refused` where there is no
   * terminal to ask on.
   */
  confirm(question: string): Promise<boolean>;
  /** Aborted by the first SIGINT or SIGTERM, the reason being its name: finish the batch, report, return. */
  readonly signal: AbortSignal;
  /** Aborted by the second, right before the process ends. */
  readonly hardSignal: AbortSignal;
  /** Set by a command while stopping at once may leave something to be repeated: says what. */
  onHardStop?: () => string;
  /** Runs when the command has ended, the last registered first; its errors are shown with --verbose only. */
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
  cleanUp(): Promise<void>;
}

/** The context of one run of the binary. */
export function createContext(parts: ContextParts): OpenContext {
  const { io, env, watch, version = '0.0.0-dev', now = () => new Date() } = parts;
  let flags: Flags = {};
  let config: Promise<ResolvedConfig> | undefined;
  const cleaners: (() => unknown)[] = [];
  const options: GlobalOptions = { output: 'table', quiet: false, verbose: false, yes: false, dryRun: false };
  const connections = async () => {
    const { Connections } = await import('./connections.ts');
    return new Connections({ config: await context.config(), env, flags, timeoutMs: options.timeoutMs });
  };
  const context: OpenContext = {
    io,
    env,
    version,
    now,
    options,
    signal: watch.signal,
    hardSignal: watch.hardSignal,
    config: () => (config ??= loadAndWarn(io, options, flags, env)),
    redisOptions: async () => (await connections()).redis(),
    postgresOptions: async (name) => (await connections()).postgres(name),
    sqsOptions: async (name) => (await connections()).sqs(name),
    confirm: async (question) =>
      (await import('./confirm.ts')).confirm(context, question, interruptOf(watch)),
    onCleanup: (clean) => void cleaners.push(clean),
    fill(given, connectionFlags) {
      Object.assign(options, given);
      flags = connectionFlags;
    },
    cleanUp: () => cleanUp(cleaners, io, options),
  };
  return context;
}

function interruptOf(watch: SignalWatch): (signal: StopSignal) => void {
  return (signal) => watch.deliver(signal);
}

async function loadAndWarn(
  io: Io,
  options: GlobalOptions,
  flags: Flags,
  env: Environment,
): Promise<ResolvedConfig> {
  const { loadConfig } = await import('../src/config/load.ts');
  const config = await loadConfig({ flags, env });
  if (!options.quiet) for (const warning of config.warnings) io.stderr.write(`qctl: warning: ${warning}\n`);
  return config;
}

async function cleanUp(cleaners: (() => unknown)[], io: Io, options: GlobalOptions): Promise<void> {
  for (let clean = cleaners.pop(); clean; clean = cleaners.pop()) {
    try {
      await clean();
    } catch (error) {
      if (options.verbose) io.stderr.write(`qctl: while closing: ${String(error)}\n`);
    }
  }
}
