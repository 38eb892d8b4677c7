import type * as z from 'zod';
import type { GivenSettings } from '../model/breaker-settings.ts';
import type { AlertsConfig } from './alert-schema.ts';
import { resolveBreakerSettings, type UnreadableVariable } from './breakers.ts';
import { type Environment, findVariable } from './environment.ts';
import { wholeNumberOf } from './errors.ts';
import type { MaintainConfig } from './maintain-schema.ts';
import { resolveRedis } from './redis.ts';
import type { ProfileConfig, RedisConfig, SourceConfig, StreamConfig } from './schema.ts';
import type { ServeConfig } from './serve-schema.ts';

/** The flags that the configuration knows. */
export interface Flags {
  config?: string;
  profile?: string;
  redisUrl?: string;
  postgresUrl?: string;
  queueUrl?: string;
  brokerUrl?: string;
  sqsEndpoint?: string;
  region?: string;
}

/** A configuration with all layers laid over each other. Secrets are not read yet. */
export interface ResolvedConfig {
  /** Name of the profile in use. */
  profile?: string;
  /** All profiles that the files have. */
  profiles: string[];
  /** The files that were read, the strongest first. */
  files: string[];
  redis?: RedisConfig;
  sources: Record<string, SourceConfig>;
  streams: Record<string, StreamConfig>;
  /** Settings of circuit breakers by name, of the files and the environment. */
  breakers: Record<string, GivenSettings>;
  /** Rules and channels, read further where they are used; empty where the files say nothing. */
  alerts: AlertsConfig;
  /** Reads `alerts` with a schema that knows more; absent where the files say nothing. Throws with file and line. */
  readAlerts?: ReadPart;
  /** Empty where the files say nothing. */
  maintain: MaintainConfig;
  /** Empty where the files say nothing. */
  serve: ServeConfig;
  /** Variables of circuit breakers that cannot be read; whoever needs such a breaker refuses then. */
  unreadable: UnreadableVariable[];
  /** From REDIS_STREAM_NAME and its like; used where neither flag nor source says otherwise. */
  defaults: { stream?: string; group?: string; maxLen?: number };
  /** Part -> where it comes from: `redis` -> `REDIS_URL`, `sources.alerts` -> `qctl.yaml:7`. */
  origins: Record<string, string>;
  /** What is allowed and yet likely to surprise. */
  warnings: string[];
}

/** Validates one part of the files with the schema of a room above. */
export type ReadPart = <S extends z.ZodType>(schema: S) => z.output<S>;

/** The files' share of a configuration, and the line that each part stands on. */
export interface FileLayer {
  profile: ProfileConfig;
  readAlerts?: ReadPart;
  origins: Record<string, string>;
}

/** What {@link resolveConfig} lays together. */
export interface Layers {
  flags: Flags;
  env: Environment;
  profile?: string;
  profiles: string[];
  files: string[];
  file: FileLayer;
}

/** Lays flags, environment and files over each other. */
export function resolveConfig(layers: Layers): ResolvedConfig {
  const { env, file, profile, profiles, files } = layers;
  const { breakers, unreadable, origins: overFiles } = resolveBreakerSettings(env, file.profile.breakers);
  // Where a file names a breaker, its line stands first.
  const origins = { ...file.origins, ...overFiles, ...file.origins };
  const redis = resolveRedis(layers.flags, env, file);
  if (redis.origin) origins.redis = redis.origin;
  return {
    profile,
    profiles,
    files,
    ...(redis.config && { redis: redis.config }),
    sources: file.profile.sources ?? {},
    streams: file.profile.streams ?? {},
    breakers,
    alerts: file.profile.alerts ?? {},
    ...(file.readAlerts && { readAlerts: file.readAlerts }),
    maintain: file.profile.maintain ?? {},
    serve: file.profile.serve ?? {},
    unreadable,
    defaults: readDefaults(env, origins),
    origins,
    warnings: redis.warnings,
  };
}

function readDefaults(env: Environment, origins: Record<string, string>): ResolvedConfig['defaults'] {
  const defaults: ResolvedConfig['defaults'] = {};
  for (const key of ['stream', 'group', 'maxLen'] as const) {
    const variable = findVariable(env, key);
    if (!variable) continue;
    origins[`defaults.${key}`] = variable.name;
    if (key === 'maxLen') defaults.maxLen = wholeNumberOf(variable.name, variable.value);
    else defaults[key] = variable.value;
  }
  return defaults;
}
