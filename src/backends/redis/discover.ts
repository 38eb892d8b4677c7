import type { Redis } from 'ioredis';
import { isQctlError, QctlError } from '../../errors.ts';
import { closeGuarded, standaloneClient } from './client.ts';
import { explainFailure } from './diagnose.ts';
import { replyCode } from './errors.ts';
import { bringUp } from './handshake.ts';
import { hostPort } from './label.ts';
import type { HostPort, ResolvedOptions } from './options.ts';

/**
 * Asks the sentinels for the primary before the client does: ioredis keeps the
 * reason to itself when they are silent or do not know the name.
 */
export async function askSentinels(
  from: ResolvedOptions,
  ms: number,
): Promise<{ primary: HostPort; sentinel: HostPort }> {
  const { name } = from.sentinel!;
  return firstAnswer(sentinelLogin(from), ms, 'sentinel', async (client, sentinel) => {
    const reply = (await client.call('SENTINEL', 'get-master-addr-by-name', name)) as [string, string] | null;
    if (reply === null) throw await unknownMaster(client, from);
    return { primary: { host: reply[0], port: Number(reply[1]) }, sentinel };
  });
}

/** Options that reach the sentinels themselves, which have a password of their own. */
export function sentinelLogin(from: ResolvedOptions): ResolvedOptions {
  const { username, password, tls } = from.sentinel!;
  return { ...from, username, password, tls, db: 0 };
}

async function unknownMaster(client: Redis, from: ResolvedOptions): Promise<QctlError> {
  const masters = (await client.call('SENTINEL', 'masters').catch(() => [])) as string[][];
  const names = masters.map((fields) => fields[fields.indexOf('name') + 1]);
  const known = names.length > 0 ? `they know: ${names.join(', ')}` : 'they know none at all';
  const text = `cannot connect to redis (${from.label}): the sentinels know no master called "${from.sentinel!.name}"`;
  return new QctlError('target', text, { code: 'REDIS_SENTINEL_MASTER', hint: [known] });
}

/** Asks the named nodes whether they form a working cluster. */
export async function askCluster(from: ResolvedOptions, ms: number): Promise<void> {
  await firstAnswer(from, ms, 'node', async (client) => {
    const info = await client.cluster('INFO').catch((error: Error) => {
      if (replyCode(error) === 'NOPERM') return '';
      throw error;
    });
    // The words of the server's own error, so that it is explained and retried like it.
    if (/cluster_state:fail/.test(String(info))) throw new Error('CLUSTERDOWN The cluster is down');
  });
}

/** Puts a question to all hosts at once; the first good answer wins, else the most telling failure. */
async function firstAnswer<T>(
  from: ResolvedOptions,
  ms: number,
  role: string,
  question: (client: Redis, at: HostPort) => Promise<T>,
): Promise<T> {
  const asked = from.hosts.map((host) => askOne(from, host, ms, question));
  try {
    return await Promise.any(asked);
  } catch (failure) {
    const errors = (failure as AggregateError).errors as QctlError[];
    const worst =
      errors.find((one) => one.code === 'REDIS_SENTINEL_MASTER') ?? errors.find(isAuth) ?? errors[0]!;
    if (errors.length > 1) worst.hint.push(`none of the ${errors.length} ${role}s gave a good answer`);
    throw worst;
  }
}

const isAuth = (error: QctlError) => error.kind === 'auth';

async function askOne<T>(
  from: ResolvedOptions,
  at: HostPort,
  ms: number,
  question: (client: Redis, at: HostPort) => Promise<T>,
) {
  const guarded = await standaloneClient(from, at);
  try {
    await bringUp(guarded, ms * 0.8);
    return await question(guarded.client, at);
  } catch (error) {
    if (isQctlError(error)) throw error;
    const told = await explainFailure(error, from, at, ms * 0.2);
    told.details.host = hostPort(at);
    throw told;
  } finally {
    void closeGuarded(guarded);
  }
}
