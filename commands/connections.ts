import type { PostgresOptions } from '../src/backends/postgres/index.ts';
import type { RedisOptions } from '../src/backends/redis/index.ts';
import type { SqsOptions } from '../src/backends/sqs/index.ts';
import { resolveBroker } from '../src/config/celery.ts';
import type { Environment } from '../src/config/environment.ts';
import { resolvePostgres } from '../src/config/postgres.ts';
import type { Flags, ResolvedConfig } from '../src/config/resolve.ts';
import type { RedisConfig, SourceConfig } from '../src/config/schema.ts';
import { resolveSecret } from '../src/config/secrets.ts';
import { findSimilar } from '../src/config/similar.ts';
import { resolveSqs } from '../src/config/sqs.ts';
import { QctlError } from '../src/errors.ts';
import { readPostgresTls, readTls } from './certificates.ts';
import { defined } from './defined.ts';
import { parseHostPorts } from './host-port.ts';

/** What connections are made from. */
export interface ConnectionInputs {
  config: ResolvedConfig;
  env: Environment;
  flags: Flags;
  timeoutMs?: number;
}

/** From the resolved configuration to the options of each backend: here secrets and certificates are read. */
export class Connections {
  readonly #inputs: ConnectionInputs;

  constructor(inputs: ConnectionInputs) {
    this.#inputs = inputs;
  }

  async redis(): Promise<RedisOptions> {
    const { redis } = this.#inputs.config;
    if (!redis)
      throw missing(
        'Redis',
        'redis',
        '--redis-url, REDIS_URL, or redis: in a profile of qctl.yaml',
        this.#inputs.config,
      );
    return toRedis(redis, 'redis', this.#inputs.timeoutMs);
  }

  async postgres(name?: string): Promise<PostgresOptions> {
    const { flags, env, config, timeoutMs } = this.#inputs;
    const source = name === undefined ? undefined : this.#source(name, 'postgres');
    const connection = resolvePostgres(flags, env, source);
    if (!connection)
      throw missing(
        'PostgreSQL',
        'postgres',
        '--postgres-url, DATABASE_URL, or url: of a source in qctl.yaml',
        config,
      );
    const { url, host, port, database, user, origin } = connection;
    return defined({
      ...{ url, host, port, database, user },
      password: await resolveSecret(connection, origin),
      ...(await readPostgresTls(connection)),
      connectTimeoutMs: timeoutMs,
    });
  }

  async sqs(name?: string): Promise<SqsOptions> {
    const { flags, env, config, timeoutMs } = this.#inputs;
    const source = name === undefined ? undefined : this.#source(name, 'sqs');
    const connection = resolveSqs(flags, env, source);
    if (!connection)
      throw missing(
        'queue',
        'sqs',
        '--queue-url, SQS_QUEUE_URL, or queueUrl: of a source in qctl.yaml',
        config,
      );
    const { queueUrl, region, endpoint } = connection;
    return { queueUrl, ...defined({ region, endpoint, connectTimeoutMs: timeoutMs }) };
  }

  async broker(name?: string): Promise<RedisOptions> {
    const { flags, env, config, timeoutMs } = this.#inputs;
    const source = name === undefined ? undefined : this.#source(name, 'celery');
    const connection = resolveBroker(flags, env, source);
    if (!connection)
      throw missing(
        'broker',
        'broker',
        '--broker-url, CELERY_BROKER_URL, or url: of a source in qctl.yaml',
        config,
      );
    return toRedis(connection.config, connection.origin, timeoutMs);
  }

  #source<K extends SourceConfig['kind']>(
    name: string,
    kind: K,
  ): { name: string; config: Extract<SourceConfig, { kind: K }> } {
    const { sources, profile, profiles } = this.#inputs.config;
    const config = sources[name];
    if (!config) throw unknownSource(name, Object.keys(sources), profile, profiles);
    if (config.kind === kind) return { name, config: config as Extract<SourceConfig, { kind: K }> };
    throw new QctlError('config', `source ${name} is of kind ${config.kind}, not ${kind}`, {
      code: 'SOURCE_KIND',
      hint: [`use qctl drain ${config.kind} ${name}`],
      details: { source: name, kind: config.kind },
    });
  }
}

/** @param field how the settings are named in errors: `redis`, `sources.reports` */
async function toRedis(
  redis: RedisConfig,
  field: string,
  connectTimeoutMs: number | undefined,
): Promise<RedisOptions> {
  const { sentinel, cluster, url, username, db } = redis;
  return {
    ...defined({ url, username, db, password: await resolveSecret(redis, field) }),
    ...defined({ tls: await readTls(redis.tls), connectTimeoutMs }),
    ...(cluster && { cluster: { nodes: parseHostPorts(cluster.nodes, `${field}.cluster.nodes`, 6379) } }),
    ...(sentinel && { sentinel: await toSentinel(sentinel, field) }),
  };
}

async function toSentinel(
  sentinel: NonNullable<RedisConfig['sentinel']>,
  field: string,
): Promise<RedisOptions['sentinel']> {
  const { hosts, name, username, tls } = sentinel;
  const password = await resolveSecret(sentinel, `${field}.sentinel`);
  return {
    hosts: parseHostPorts(hosts, `${field}.sentinel.hosts`, 26379),
    name,
    ...defined({ username, password, tls }),
  };
}

function missing(
  what: string,
  system: string,
  where: string,
  { profile, profiles }: ResolvedConfig,
): QctlError {
  const hint = [`set ${where}`];
  if (!profile && profiles.length > 1)
    hint.push(`or choose a profile with --profile: ${profiles.join(', ')}`);
  return new QctlError('config', `no ${what} is named`, { code: `${system.toUpperCase()}_MISSING`, hint });
}

/** What is said of a source that the profile does not have. */
export function unknownSource(
  name: string,
  known: string[],
  profile: string | undefined,
  profiles: string[],
): QctlError {
  const similar = findSimilar(name, known);
  const where = profile ? ` in profile ${profile}` : '';
  const list = known.length > 0 ? `sources: ${known.join(', ')}` : 'no sources are configured';
  const hint = [similar ? `did you mean ${similar}?` : list];
  if (!profile && profiles.length > 1) hint.push(`choose a profile with --profile: ${profiles.join(', ')}`);
  return new QctlError('config', `there is no source ${name}${where}`, {
    code: 'SOURCE_UNKNOWN',
    hint,
    details: { source: name },
  });
}
