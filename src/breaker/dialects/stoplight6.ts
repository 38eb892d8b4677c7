import type { RedisConnection } from '../../backends/redis/index.ts';
import { type ForeignBreaker, unknownBreaker } from './foreign.ts';
import { readEach, unlessWrongType } from './read-keys.ts';
import { LIGHT_FIELDS, lightOf, readFields } from './stoplight-light.ts';

const PREFIX = 'stoplight:v6:';
/** A light without a window, and one with a window. */
const METRICS = ['metrics', 'window_metrics'];

/**
 * The lights of stoplight 6: `stoplight:v6:SYSTEM:{LIGHT}:state` and so on, both a digest of the name. The names stand in
 * the registry of the system, `stoplight:v6:SYSTEM:lights`. `keys` are all keys, of which others are left out.
 */
export async function listStoplight6(
  redis: RedisConnection,
  keys: readonly string[],
  nowMs: number,
): Promise<ForeignBreaker[]> {
  const registries = keys.filter((key) => /^stoplight:v6:[^:]+:lights$/.test(key));
  const named = new Map<string, string>();
  for (const key of registries)
    for (const [light, name] of await readRegistry(redis, key)) named.set(lightKey(key, light), name);
  const bases = keys.flatMap((key) => /^(stoplight:v6:[^:]+:\{[^:]+\}):state$/.exec(key)?.[1] ?? []);
  const all = [...new Set([...named.keys(), ...bases])];
  const systems = new Set(all.map(systemOf));
  return readEach(all, async (base) => {
    const light = await readOne(redis, base, named.get(base), nowMs);
    return systems.size > 1 ? { ...light, note: light.note ?? `of system ${systemOf(base)}` } : light;
  });
}

function lightKey(registry: string, light: string): string {
  return `${registry.slice(0, -'lights'.length)}{${light}}`;
}

function systemOf(base: string): string {
  return base.slice(PREFIX.length).split(':')[0]!;
}

async function readOne(
  redis: RedisConnection,
  base: string,
  name: string | undefined,
  nowMs: number,
): Promise<ForeignBreaker> {
  const unknown = unknownBreaker('stoplight', name ?? base.slice(base.indexOf('{') + 1, -1), null);
  const [state, ...metrics] = await Promise.all([
    readFields(redis, `${base}:state`, LIGHT_FIELDS.state),
    ...METRICS.map((key) => readFields(redis, `${base}:${key}`, LIGHT_FIELDS.metrics)),
  ]);
  if (!state) return { ...unknown, note: `${base}:state is no hash` };
  const counted = metrics.find((one) => one?.consecutive_errors);
  const light = { ...unknown, ...lightOf({ ...state, ...counted }, nowMs) };
  return name === undefined ? { ...light, note: light.note ?? 'its name is not registered' } : light;
}

async function readRegistry(redis: RedisConnection, key: string): Promise<[light: string, name: string][]> {
  const entries = (await unlessWrongType(redis.client.hgetall(key))) ?? {};
  return Object.entries(entries).map(([light, json]) => [light, nameOf(json) ?? light]);
}

function nameOf(json: string): string | undefined {
  try {
    const { config } = JSON.parse(json) as { config?: { name?: unknown } };
    return typeof config?.name === 'string' ? config.name : undefined;
  } catch {
    return undefined;
  }
}
