import { isQctlError } from '../../errors.ts';
import { explainNetwork, networkCode } from '../network.ts';
import type { RedisKind } from './options.ts';

/** Replies after which the same command may well succeed later. */
const PASSING: Record<string, string> = {
  LOADING: 'Redis is loading its data',
  OOM: 'Redis is out of memory (OOM): maxmemory reached',
  READONLY: 'server is a read-only replica',
  CLUSTERDOWN: 'cluster is down',
  BUSY: 'a long script blocks Redis (BUSY)',
  TRYAGAIN: 'cluster is moving slots (TRYAGAIN)',
  ASK: 'cluster is moving slots (ASK)',
  MASTERDOWN: 'replica has lost its primary (MASTERDOWN)',
  NOREPLICAS: 'too few replicas are in sync (NOREPLICAS)',
  MISCONF: 'Redis cannot save to its disk (MISCONF)',
  UNBLOCKED: 'server has changed its role (UNBLOCKED)',
};

// Redis 6.2 wraps the error of a command in a script, EXEC and the cluster client wrap it too.
const WRAPPED =
  /^(?:(?:ERR Error running script [^:]*: )?(?:@user_script: ?\d+: )+-?|ERR Error running script.*?: -|EXECABORT [^:]*: |Too many Cluster redirections\. Last error: \w+: )/s;

const LOST = new RegExp(
  [
    'max retries per request',
    '^Connection is closed',
    "^Stream isn't writeable",
    'aborted due to connection close',
    "^Cluster isn't ready",
    '^None of startup nodes is available',
    '^Failed to refresh slots cache',
    '^Cluster is (ended|disconnect)',
    '^All sentinels are unreachable',
    '^Node is disconnected',
  ].join('|'),
);

/** The upper-case word that opens a reply such as `OOM command not allowed`; empty where there is none. */
export function replyCode(error: unknown): string {
  const text = error instanceof Error ? bareReply(error) : '';
  return /^[A-Z]+(?=\s|$)/.exec(text)?.[0] ?? '';
}

/**
 * A short reason where waiting and repeating makes sense, else undefined.
 *
 * @param kind of the connection. A bare MOVED heals by itself on a cluster
 *   connection only; elsewhere the wrong kind of client talks to a cluster node.
 */
export function isRetryable(error: unknown, kind?: RedisKind): string | undefined {
  if (isQctlError(error)) return error.kind === 'target' ? isRetryable(error.cause, kind) : undefined;
  if (!(error instanceof Error)) return undefined;
  const reply = replyCode(error);
  if (reply === 'MOVED') {
    const wrapped = WRAPPED.test(error.message);
    return kind === 'cluster' || wrapped ? 'cluster is moving slots (MOVED)' : undefined;
  }
  return PASSING[reply] ?? lostConnection(error);
}

/** The text of a reply without what scripts, EXEC and the cluster client put before it. */
export function bareReply(error: Error): string {
  return error.message.replace(WRAPPED, '');
}

function lostConnection(error: Error): string | undefined {
  if (/max number of clients reached/.test(error.message)) return 'Redis has no free connection (maxclients)';
  if (/^Socket timeout|^Command timed out/.test(error.message)) return 'connection lost: no answer in time';
  if (explainNetwork(error)?.passing) return `connection lost: ${networkCode(error)}`;
  return LOST.test(error.message) ? 'connection lost' : undefined;
}
