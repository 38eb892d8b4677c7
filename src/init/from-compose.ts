import type { Environment } from '../config/environment.ts';
import { type ComposeService, composeText, variableIn } from './compose.ts';
import { type Lead, type LeadKind, literal, reference } from './lead.ts';

/** What an image is by its name, whoever built it. */
const IMAGES: readonly (readonly [RegExp, LeadKind, port: number])[] = [
  [/^(redis|valkey|redis-stack|redis-stack-server|keydb|dragonfly)$/, 'redis', 6379],
  [
    /^(postgres|postgresql|postgis|timescaledb|timescaledb-ha|pgvector|pgmq-pg|supabase-postgres|paradedb)$/,
    'postgres',
    5432,
  ],
  [/^(localstack|localstack-pro)$/, 'sqs', 4566],
  [/^(elasticmq|elasticmq-native)$/, 'sqs', 9324],
];

/** A service that is of use, and cannot be reached from this machine. */
export interface Unpublished {
  from: string;
  why: string;
}

/**
 * The servers among the services that publish their port on this machine.
 *
 * @param env what fills in the variables of the files: the environment, over `.env`
 */
export function leadsOfCompose(
  services: readonly ComposeService[],
  env: Environment,
): { leads: Lead[]; unpublished: Unpublished[] } {
  const leads: Lead[] = [];
  const unpublished: Unpublished[] = [];
  for (const service of services) {
    const known = imageOf(composeText(service.image, env));
    if (!known) continue;
    const [kind, inside] = known;
    const from = `${service.file}: ${service.name}`;
    const port = publishedPort(service.ports, inside, env);
    if (port === undefined)
      unpublished.push({ from, why: `its port ${inside} is not published on a port of its own` });
    else leads.push({ ...leadOf(kind, service, port, env), from, kept: service.file });
  }
  return { leads, unpublished };
}

function imageOf(image: string): readonly [LeadKind, number] | undefined {
  const name = image
    .split('/')
    .at(-1)!
    .replace(/[:@].*$/, '');
  const found = IMAGES.find(([pattern]) => pattern.test(name));
  return found && [found[1], found[2]];
}

/** `6380:6379`, `127.0.0.1:6380:6379/tcp`, or `{ target, published }`; undefined where it is any free port, or none. */
function publishedPort(ports: readonly unknown[], inside: number, env: Environment): number | undefined {
  for (const port of ports) {
    const long = port as { target?: unknown; published?: unknown } | null;
    const text =
      typeof port === 'object' && long !== null ? `${long.published ?? ''}:${long.target}` : String(port);
    const [, outside, target] = /(?:^|:)(\d+):(\d+)(?:\/tcp)?$/.exec(composeText(text, env)) ?? [];
    if (Number(target) === inside && outside) return Number(outside);
  }
  return undefined;
}

type Reached = Pick<Lead, 'kind' | 'written' | 'values'>;

function leadOf(kind: LeadKind, service: ComposeService, port: number, env: Environment): Reached {
  if (kind === 'redis') return redisOf(service, port, env);
  if (kind === 'postgres') return postgresOf(service, port, env);
  return {
    kind,
    written: {
      endpoint: `http://localhost:${port}`,
      region: env.AWS_REGION ? reference('AWS_REGION') : 'us-east-1',
    },
    values: env,
  };
}

function redisOf({ command, environment }: ComposeService, port: number, env: Environment): Reached {
  const flag = command.indexOf('--requirepass');
  const given = flag < 0 ? environment.REDIS_PASSWORD : command[flag + 1];
  const secret = secretOf(given, 'REDIS_PASSWORD', env);
  return {
    kind: 'redis',
    written: { url: `redis://localhost:${port}`, ...secret.written },
    values: secret.values,
  };
}

function postgresOf({ environment }: ComposeService, port: number, env: Environment): Reached {
  const said = (name: string) => composeText(environment[name] ?? '', env) || undefined;
  const user = said('POSTGRES_USER') ?? said('POSTGRESQL_USERNAME') ?? 'postgres';
  const database = said('POSTGRES_DB') ?? said('POSTGRESQL_DATABASE') ?? user;
  const name = environment.POSTGRESQL_PASSWORD === undefined ? 'POSTGRES_PASSWORD' : 'POSTGRESQL_PASSWORD';
  const secret = secretOf(environment[name], name, env);
  const written = {
    host: 'localhost',
    port,
    database: literal(database),
    user: literal(user),
    ...secret.written,
  };
  return { kind: 'postgres', written, values: secret.values };
}

/** A password is written by the name of its variable, and that of the service's own where it stands there as it is. */
function secretOf(given: string | undefined, own: string, env: Environment) {
  if (given === undefined || given === '') return { written: {}, values: env };
  const name = variableIn(given) ?? own;
  return { written: { password: reference(name) }, values: { ...env, [name]: composeText(given, env) } };
}
