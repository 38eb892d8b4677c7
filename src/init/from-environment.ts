import { type Environment, findVariable, readVariable, type VariableKey } from '../config/environment.ts';
import { type Lead, reference } from './lead.ts';

/** Where variables were found. */
export interface EnvironmentPlace {
  /** Stands before a name: `` for the environment itself, `.env: `. */
  before: string;
  /** The file that they stand in. */
  file?: string;
}

/**
 * The servers that variables name, by the names that qctl understands. Values are never copied.
 *
 * @param env what is set there
 * @param values what fills the leads in: `env`, and what stands behind it
 */
export function leadsOfEnvironment(env: Environment, values: Environment, place: EnvironmentPlace): Lead[] {
  const leads = [redisOf(env), postgresOf(env), sqsOf(env)].filter((found) => found !== undefined);
  return leads.map(({ name, ...lead }) => ({
    ...lead,
    ...{ from: `${place.before}${name}`, values },
    ...(place.file !== undefined && { kept: place.file }),
  }));
}

type Named = Pick<Lead, 'kind' | 'written'> & { name: string };

/** In the order in which the configuration itself looks. */
function redisOf(env: Environment): Named | undefined {
  const own = findVariable(env, 'redisUrl');
  if (own?.name === 'QCTL_REDIS_URL') return redis(own.name, { url: reference(own.name) });
  const sentinel = findVariable(env, 'sentinelHosts');
  if (sentinel) {
    const master = findVariable(env, 'sentinelName');
    const password = findVariable(env, 'sentinelPassword');
    return redis(sentinel.name, {
      sentinel: {
        hosts: reference(sentinel.name),
        name: master ? reference(master.name) : 'mymaster',
        ...(password && { password: reference(password.name) }),
      },
      ...passwordOf(env),
    });
  }
  const nodes = findVariable(env, 'clusterNodes');
  if (nodes) return redis(nodes.name, { cluster: { nodes: reference(nodes.name) }, ...passwordOf(env) });
  const url = own ?? findVariable(env, 'redisAddress');
  return (
    url && redis(url.name, { url: reference(url.name), ...(hasLogin(url.value) ? {} : passwordOf(env)) })
  );
}

function redis(name: string, written: Record<string, unknown>): Named {
  return { kind: 'redis', name, written };
}

function passwordOf(env: Environment): Record<string, unknown> {
  const said = (key: VariableKey, field: string) => {
    const found = findVariable(env, key);
    return found && { [field]: reference(found.name) };
  };
  return {
    ...(said('redisPassword', 'password') ?? said('redisPasswordFile', 'passwordFile')),
    ...said('redisUsername', 'username'),
  };
}

function hasLogin(url: string): boolean {
  return url.includes('@');
}

function postgresOf(env: Environment): Named | undefined {
  const url = findVariable(env, 'postgresUrl');
  if (url) return { kind: 'postgres', name: url.name, written: { url: reference(url.name) } };
  const host = findVariable(env, 'pgHost') ?? findVariable(env, 'pgDatabase');
  return host && { kind: 'postgres', name: host.name, written: {} };
}

function sqsOf(env: Environment): Named | undefined {
  const queue = findVariable(env, 'queueUrl');
  const endpoint = findVariable(env, 'sqsEndpoint');
  const region = findVariable(env, 'region');
  const reached = {
    ...(endpoint && { endpoint: reference(endpoint.name) }),
    ...(region && { region: reference(region.name) }),
  };
  if (queue)
    return { kind: 'sqs', name: queue.name, written: { queueUrl: reference(queue.name), ...reached } };
  if (endpoint) return { kind: 'sqs', name: endpoint.name, written: reached };
  const key = readVariable(env, 'awsAccessKeyId')
    ? 'AWS_ACCESS_KEY_ID'
    : readVariable(env, 'awsProfile') && 'AWS_PROFILE';
  return key && region ? { kind: 'sqs', name: key, written: reached } : undefined;
}
