import { QctlError } from '../errors.ts';
import { type Environment, findVariable } from './environment.ts';
import { redactUrl } from './redact.ts';
import type { Flags } from './resolve.ts';
import type { CelerySourceConfig, RedisConfig } from './schema.ts';

/** How a broker of Celery is reached. */
export interface BrokerConnection {
  config: RedisConfig;
  /** What named the broker. */
  origin: string;
}

/** Flag, QCTL_BROKER_URL, what the source says, CELERY_BROKER_URL. Throws `config` where it is no Redis. */
export function resolveBroker(
  flags: Flags,
  env: Environment,
  source?: { name: string; config: CelerySourceConfig },
): BrokerConnection | undefined {
  const variable = findVariable(env, 'brokerUrl');
  if (flags.brokerUrl) return byUrl(flags.brokerUrl, '--broker-url');
  if (variable?.name === 'QCTL_BROKER_URL') return byUrl(variable.value, variable.name);
  const { url, sentinel, username, password, passwordFile, passwordCommand, db, tls } = source?.config ?? {};
  if (source && (url !== undefined || sentinel)) {
    const { config, origin } =
      url === undefined ? { config: {}, origin: '' } : byUrl(url, `sources.${source.name}`);
    const own = { sentinel, username, password, passwordFile, passwordCommand, db, tls };
    return { config: { ...config, ...own }, origin: origin || `sources.${source.name}` };
  }
  return variable && byUrl(variable.value, variable.name);
}

/** A URL as Celery takes it. Its other transports keep their messages in another way, and elsewhere. */
function byUrl(given: string, origin: string): BrokerConnection {
  const [first = '', ...others] = given.trim().split(';');
  if (/^sentinel:/i.test(first))
    throw refused(origin, 'sentinel:// does not name the primary', [
      'write it into the source of qctl.yaml: sentinel: { hosts: [host:26379], name: mymaster }, and db:',
    ]);
  if (others.length > 0)
    throw refused(origin, 'it names more than one broker, and a queue is in one of them', [
      'name that one, without the others behind the semicolon',
    ]);
  const socket = /^redis\+socket:\/\/(.*)$/i.exec(first);
  if (socket) return { config: { url: `unix://${socket[1]!.replace('virtual_host=', 'db=')}` }, origin };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(first)?.[1];
  if (scheme !== undefined && !/^(rediss?|valkeys?|unix)$/i.test(scheme))
    throw refused(origin, `${scheme}:// is no Redis, and only queues in Redis can be drained`, [
      `it is ${redactUrl(first)}`,
    ]);
  return { config: { url: first }, origin };
}

function refused(origin: string, why: string, hint: string[]): QctlError {
  return new QctlError('config', `${origin}: ${why}`, { code: 'BROKER_URL', hint });
}
