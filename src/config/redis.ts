import { isDeepStrictEqual } from 'node:util';
import { type Environment, findVariable, readVariable, type VariableKey } from './environment.ts';
import { booleanOf } from './errors.ts';
import { hasPassword } from './redact.ts';
import type { FileLayer, Flags } from './resolve.ts';
import type { RedisConfig, TlsConfig } from './schema.ts';

/** How Redis is reached, and what said so. */
export interface ResolvedRedis {
  config?: RedisConfig;
  origin?: string;
  warnings: string[];
}

/**
 * Whoever names the server wins: flag, environment, file. Credentials of a file go only to the
 * server of that file; those of the environment complete whatever names none of its own.
 */
export function resolveRedis(flags: Flags, env: Environment, file: FileLayer): ResolvedRedis {
  const { redis } = file.profile;
  if (flags.redisUrl)
    return { config: withEnvironment({ url: flags.redisUrl }, env), origin: '--redis-url', warnings: [] };
  const named = endpointOf(env);
  if (named) {
    const warnings =
      redis && !isSameServer(redis, named.config)
        ? [`${named.origin} in the environment is used, not redis of ${file.origins.redis}`]
        : [];
    return { config: withEnvironment(named.config, env), origin: named.origin, warnings };
  }
  if (!redis) return { warnings: [] };
  return {
    config: withEnvironment(withoutPassword(redis, env), env),
    origin: file.origins.redis,
    warnings: [],
  };
}

/** A file that says `url: ${REDIS_URL}` says nothing else than the variable. */
function isSameServer(one: RedisConfig, other: RedisConfig): boolean {
  const server = ({ url, sentinel, cluster }: RedisConfig) => [
    url,
    sentinel?.hosts,
    sentinel?.name,
    cluster?.nodes,
  ];
  return isDeepStrictEqual(server(one), server(other));
}

interface Endpoint {
  config: RedisConfig;
  origin: string;
}

/** QCTL_REDIS_URL is meant for qctl alone; of the shared names, Sentinel and Cluster say more than a URL. */
function endpointOf(env: Environment): Endpoint | undefined {
  const url = findVariable(env, 'redisUrl');
  if (url?.name === 'QCTL_REDIS_URL') return { config: { url: url.value }, origin: url.name };
  return sentinelOf(env) ?? clusterOf(env) ?? urlOf(env, 'redisUrl') ?? urlOf(env, 'redisAddress');
}

function sentinelOf(env: Environment): Endpoint | undefined {
  const hosts = findVariable(env, 'sentinelHosts');
  const enabled = findVariable(env, 'sentinelEnabled');
  if (!hosts || (enabled && !booleanOf(enabled.name, enabled.value))) return undefined;
  const sentinel = {
    hosts: splitList(hosts.value),
    name: readVariable(env, 'sentinelName') ?? 'mymaster',
    username: readVariable(env, 'sentinelUsername'),
    password: readVariable(env, 'sentinelPassword'),
  };
  return { config: { sentinel }, origin: hosts.name };
}

function clusterOf(env: Environment): Endpoint | undefined {
  const nodes = findVariable(env, 'clusterNodes');
  return nodes && { config: { cluster: { nodes: splitList(nodes.value) } }, origin: nodes.name };
}

function urlOf(env: Environment, key: VariableKey): Endpoint | undefined {
  const found = findVariable(env, key);
  return found && { config: { url: found.value }, origin: found.name };
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

/** A password in the environment outranks the one of a file, wherever that stands. */
function withoutPassword(redis: RedisConfig, env: Environment): RedisConfig {
  if (!readVariable(env, 'redisPassword') && !readVariable(env, 'redisPasswordFile')) return redis;
  const { password, passwordFile, passwordCommand, ...rest } = redis;
  return rest;
}

/** Adds user, password and TLS of the environment where the endpoint does not bring its own. */
function withEnvironment(config: RedisConfig, env: Environment): RedisConfig {
  const own = config.url !== undefined && hasPassword(config.url);
  const secret = config.password ?? config.passwordFile ?? config.passwordCommand;
  const tls = tlsOf(env, config.tls);
  return {
    ...config,
    ...(!own && secret === undefined && passwordOf(env)),
    ...(!own && config.username === undefined && optional('username', readVariable(env, 'redisUsername'))),
    ...optional('tls', tls),
  };
}

function passwordOf(env: Environment): Partial<RedisConfig> {
  const password = readVariable(env, 'redisPassword');
  return password ? { password } : optional('passwordFile', readVariable(env, 'redisPasswordFile'));
}

function tlsOf(env: Environment, lower: TlsConfig | undefined): TlsConfig | undefined {
  const enabled = findVariable(env, 'redisTlsEnabled');
  if (enabled && !booleanOf(enabled.name, enabled.value)) return false;
  const given = {
    ...optional('caFile', readVariable(env, 'redisTlsCa')),
    ...optional('certFile', readVariable(env, 'redisTlsCert')),
    ...optional('keyFile', readVariable(env, 'redisTlsKey')),
    ...optional('servername', readVariable(env, 'redisTlsServername')),
  };
  if (Object.keys(given).length === 0) return enabled && lower === undefined ? true : lower;
  return { ...(typeof lower === 'object' ? lower : {}), ...given };
}

function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
