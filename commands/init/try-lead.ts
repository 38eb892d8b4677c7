import type { SqsAccountOptions } from '../../src/backends/sqs/index.ts';
import { type Environment, VARIABLES } from '../../src/config/environment.ts';
import { interpolate, MissingVariable } from '../../src/config/interpolate.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { profileSchema } from '../../src/config/schema.ts';
import { isQctlError, QctlError } from '../../src/errors.ts';
import {
  conditionProblem,
  type Lead,
  lookAtPostgres,
  lookAtRedis,
  lookAtSqs,
  type PostgresLook,
  type RedisLook,
  type SqsLook,
} from '../../src/init/index.ts';
import { Connections } from '../connections.ts';
import { filledIn } from './address.ts';

/** What was seen of a server. */
export type Look = RedisLook | PostgresLook | SqsLook;

/** A lead that was followed: what was seen, or why not. */
export interface Tried {
  lead: Lead;
  look?: Look;
  failure?: QctlError;
}

/** Follows a lead as the file that is written would; reads only. Never throws. */
export async function tryLead(lead: Lead, timeoutMs: number): Promise<Tried> {
  try {
    return { lead, look: await lookAt(lead, timeoutMs) };
  } catch (error) {
    return { lead, failure: toFailure(error) };
  }
}

async function lookAt(lead: Lead, timeoutMs: number): Promise<Look> {
  if (lead.kind === 'sqs') {
    const filled = interpolate(lead.written, lead.values) as SqsAccountOptions;
    return lookAtSqs({ ...filled, ...credentialsOf(lead), connectTimeoutMs: timeoutMs });
  }
  const connections = connectionsOf(lead, timeoutMs);
  if (lead.kind === 'redis') return lookAtRedis(await connections.redis());
  return lookAtPostgres(await connections.postgres(IT));
}

/** What is wrong with a condition over a table that was found there; undefined: nothing, or nobody can tell. */
export async function tryCondition(
  lead: Lead,
  timeoutMs: number,
  table: string,
  condition: string,
): Promise<string | undefined> {
  try {
    return await conditionProblem(await connectionsOf(lead, timeoutMs).postgres(IT), table, condition);
  } catch {
    return undefined;
  }
}

const IT = 'it';

function connectionsOf(lead: Lead, timeoutMs: number): Connections {
  const env = withoutServers(lead);
  const filled = interpolate(lead.written, lead.values) as Record<string, unknown>;
  const part =
    lead.kind === 'redis' ? { redis: filled } : { sources: { [IT]: { kind: 'postgres', ...filled } } };
  const profile = profileSchema.parse(part);
  const file = { profile, origins: { redis: lead.from } };
  const config = resolveConfig({ flags: {}, env, profiles: [], files: [], file });
  return new Connections({ config, env, flags: {}, timeoutMs });
}

/** Which server it is, the lead says: what the environment says of others is not for it. */
function withoutServers({ written, values }: Lead): Environment {
  const keys = ['redisUrl', 'redisAddress', 'sentinelHosts', 'clusterNodes', 'postgresUrl'] as const;
  const names = new Set<string>(keys.flatMap((key) => [...VARIABLES[key].names]));
  // PGHOST and its like are all there is of such a one.
  if (written.host !== undefined) for (const name of ['PGHOST', 'PGPORT']) names.add(name);
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.has(name)));
}

/** Those of `.env` are no others than the SDK would find once they are set; an emulator takes any. */
function credentialsOf(lead: Lead): Pick<SqsAccountOptions, 'credentials'> {
  const { values } = lead;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = values;
  if (accessKeyId && secretAccessKey) {
    const sessionToken = values.AWS_SESSION_TOKEN;
    return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } };
  }
  return isEmulator(lead) && !values.AWS_PROFILE
    ? { credentials: { accessKeyId: 'any', secretAccessKey: 'any' } }
    : {};
}

/** An endpoint on this machine. */
export function isEmulator({ written, values }: Lead): boolean {
  return /^http:\/\/(localhost|127\.)/.test(String(filledIn(written, values)?.endpoint ?? ''));
}

function toFailure(error: unknown): QctlError {
  if (isQctlError(error)) return error;
  if (error instanceof MissingVariable)
    return new QctlError('config', error.message, { code: 'VARIABLE_MISSING', hint: ['set it'] });
  return new QctlError('config', 'what it says is no address', {
    code: 'LEAD_INVALID',
    hint: ['look at the value of its variable'],
    cause: error,
  });
}
