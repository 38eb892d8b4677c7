import { homedir } from 'node:os';
import { type Environment, readVariable } from '../../src/config/environment.ts';
import type { ResolvedConfig } from '../../src/config/resolve.ts';
import { parseDurationMs } from '../../src/model/duration.ts';
import { isPattern } from '../../src/model/key-pattern.ts';
import { pause } from '../../src/model/patience.ts';
import type { Candidate, Wanted } from './candidate.ts';

/** From the start of the process: a shell that waits for longer than 300 ms seems to hang. */
const DEADLINE = '240ms';
/** More than anybody reads. */
const MOST = 1000;

/** Takes a name; one that is already there, or that cannot be typed, is passed over. */
export type AddName = (name: string, description?: string) => void;

/**
 * Looks names up until {@link DEADLINE} has gone by; what was found by then counts. Never fails: whatever is wrong,
 * the command itself will say it.
 */
export async function findNames(wanted: Wanted, env: Environment): Promise<Candidate[]> {
  const found = new Map<string, Candidate>();
  const add: AddName = (name, description) => {
    if (found.size >= MOST || !isTypable(name) || !name.startsWith(wanted.begin) || found.has(name)) return;
    found.set(name, [wanted.before + name, description]);
  };
  const given = readVariable(env, 'completionTimeout');
  const ms = parseDurationMs(given ?? DEADLINE) ?? parseDurationMs(DEADLINE)!;
  const late = new AbortController();
  const looking = lookUp(wanted, env, add, ms).catch(() => undefined);
  await Promise.race([looking, pause(ms - performance.now(), late.signal)]);
  late.abort();
  return [...found.values()];
}

/** What is no text, or would be taken for a flag, is left out. */
function isTypable(name: string): boolean {
  return name !== '' && !name.startsWith('-') && !/[\p{Cc}\ufffd]/u.test(name);
}

async function lookUp(wanted: Wanted, env: Environment, add: AddName, ms: number): Promise<void> {
  const flags = {
    profile: wanted.profile,
    config: expanded(wanted.config, env),
    redisUrl: expanded(wanted.redisUrl, env),
  };
  const { loadConfig, readConfigFiles } = await import('../../src/config/load.ts');
  if (wanted.kind === 'profile') {
    for (const { profiles } of await readConfigFiles({ flags, env })) for (const name of profiles) add(name);
    return;
  }
  const config = await loadConfig({ flags, env });
  addConfigured(wanted, config, add);
  if (!isInRedis(wanted) || !config.redis) return;
  // Such a command may ask for a password of its own, or for a finger.
  if (config.redis.passwordCommand || config.redis.sentinel?.passwordCommand) return;
  const [{ Connections }, { connectRedis }, { addFromRedis }] = await Promise.all([
    import('../connections.ts'),
    import('../../src/backends/redis/index.ts'),
    import('./from-redis.ts'),
  ]);
  const options = await new Connections({ config, env, flags }).redis();
  const redis = await connectRedis({ ...options, connectTimeoutMs: ms });
  await addFromRedis(redis, wanted, config, add).finally(() => void redis.close());
}

/** The shell has not put these in yet. */
function expanded(text: string | undefined, env: Environment): string | undefined {
  return text
    ?.replace(/^~(?=\/)/, env.HOME || homedir())
    .replace(/\$(?:(\w+)|\{(\w+)\})/g, (_, bare?: string, braced?: string) => env[bare ?? braced!] ?? '');
}

function isInRedis({ kind, stream }: Wanted): boolean {
  if (kind === 'group' || kind === 'consumer') return stream !== undefined;
  return !['source', 'postgres-source', 'sqs-source', 'rule', 'channel'].includes(kind);
}

function addConfigured(wanted: Wanted, config: ResolvedConfig, add: AddName): void {
  const { kind, stream = '' } = wanted;
  const { sources, streams, breakers, alerts, defaults } = config;
  if (kind.endsWith('source')) {
    const wantedKind = /^(.*)-source$/.exec(kind)?.[1];
    for (const [name, source] of Object.entries(sources))
      if (wantedKind === undefined || source.kind === wantedKind) add(name, source.kind);
  }
  if (kind === 'stream') {
    for (const name of Object.keys(streams)) if (!isPattern(name)) add(name);
    for (const source of Object.values(sources)) if (source.stream) add(source.stream);
    if (defaults.stream) add(defaults.stream);
  }
  if (kind === 'group') for (const name of [streams[stream]?.group, defaults.group]) if (name) add(name);
  if (kind === 'breaker') for (const name of Object.keys(breakers)) add(name);
  if (kind === 'rule') for (const { name } of alerts.rules ?? []) if (typeof name === 'string') add(name);
  if (kind === 'channel')
    for (const [name, channel] of Object.entries(alerts.channels ?? {})) add(name, channel.kind);
}
