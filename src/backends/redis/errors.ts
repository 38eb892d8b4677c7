import { isQctlError, QctlError } from '../../errors.ts';
import { explainNetwork, networkCode, plainCause, withoutArguments } from './network.ts';
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
  /^(?:ERR Error running script.*?: -|EXECABORT [^:]*: |Too many Cluster redirections\. Last error: \w+: )/s;

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
  const text = error instanceof Error ? error.message.replace(WRAPPED, '') : '';
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

function lostConnection(error: Error): string | undefined {
  if (/max number of clients reached/.test(error.message)) return 'Redis has no free connection (maxclients)';
  if (/^Socket timeout|^Command timed out/.test(error.message)) return 'connection lost: no answer in time';
  if (explainNetwork(error)?.passing) return `connection lost: ${networkCode(error)}`;
  return LOST.test(error.message) ? 'connection lost' : undefined;
}

interface Verdict {
  kind: 'auth' | 'config' | 'target';
  code: string;
  why: string;
  hint: string[];
}

const VERDICTS: [match: RegExp, verdict: Verdict][] = [
  [
    /^WRONGPASS|invalid password|invalid username-password/i,
    {
      kind: 'auth',
      code: 'REDIS_AUTH',
      why: 'wrong user name or password, or the user is disabled',
      hint: ['check the user name and the password'],
    },
  ],
  [
    /^NOAUTH/,
    {
      kind: 'auth',
      code: 'REDIS_AUTH',
      why: 'the server wants a password and none was given',
      hint: ['give a password, for example in the URL or in REDIS_PASSWORD'],
    },
  ],
  [
    /^DENIED/,
    {
      kind: 'auth',
      code: 'REDIS_PROTECTED',
      why: 'the server is in protected mode and takes local connections only',
      hint: ['set a password on the server, or a bind address and protected-mode no'],
    },
  ],
  [
    /^MOVED/,
    {
      kind: 'config',
      code: 'REDIS_IS_CLUSTER',
      why: 'the server is a node of a cluster',
      hint: ['configure it as a cluster: list its nodes under redis.cluster.nodes'],
    },
  ],
  [
    /cluster support disabled/,
    {
      kind: 'config',
      code: 'REDIS_NOT_CLUSTER',
      why: 'the server is not a cluster',
      hint: ['configure it with a url'],
    },
  ],
  [
    /DB index is out of range|invalid DB index/i,
    {
      kind: 'config',
      code: 'REDIS_DB',
      why: 'the server has no such database',
      hint: ['use a lower database number, often 0'],
    },
  ],
  [
    /^Protocol error/,
    {
      kind: 'config',
      code: 'REDIS_PROTOCOL',
      why: 'the answer is not in the protocol of Redis',
      hint: ['check the port; for a TLS port use rediss://'],
    },
  ],
  [
    /^WRONGTYPE/,
    {
      kind: 'target',
      code: 'REDIS_WRONG_TYPE',
      why: 'the key holds another kind of value',
      hint: ['choose another key, or remove the old one'],
    },
  ],
  [
    /^CROSSSLOT/,
    {
      kind: 'target',
      code: 'REDIS_CROSSSLOT',
      why: 'the keys lie in different slots of the cluster',
      hint: ['give the keys one hash tag, as in {orders}:stream'],
    },
  ],
];

function verdict(error: unknown): Verdict {
  const text = error instanceof Error ? withoutArguments(error.message.replace(WRAPPED, '')) : String(error);
  if (/^NOPERM/.test(text)) return notPermitted(text);
  const known = VERDICTS.find(([match]) => match.test(text));
  if (known) return known[1];
  const network = explainNetwork(error);
  if (network) return { kind: 'target', code: `REDIS_${network.code}`, why: network.why, hint: network.hint };
  const passing = isRetryable(error);
  if (passing)
    return {
      kind: 'target',
      code: 'REDIS_UNAVAILABLE',
      why: passing,
      hint: ['wait for the server and try again'],
    };
  return {
    kind: 'target',
    code: 'REDIS_FAILED',
    why: text.replace(/^ERR /, '') || 'unknown error',
    hint: [],
  };
}

function notPermitted(text: string): Verdict {
  const why = text.replace(/^NOPERM /, '').replace(/^this user/i, 'the user');
  const lower = why.charAt(0).toLowerCase() + why.slice(1);
  return {
    kind: 'auth',
    code: 'REDIS_NOPERM',
    why: lower,
    hint: ['grant the command and the keys with ACL SETUSER'],
  };
}

/** The reason alone, as a lower-case clause: `nothing listens there (ECONNREFUSED)`. */
export function explainReply(error: unknown): string {
  return verdict(error).why;
}

/**
 * Turns any error of Redis into one that may be shown: what, why, what to do.
 *
 * @param doing what was tried, as a verb phrase: `append to stream orders`
 */
export function toTargetError(error: unknown, label: string, doing: string): QctlError {
  if (isQctlError(error)) return error;
  const { kind, code, why, hint } = verdict(error);
  const cause = plainCause(error);
  return new QctlError(kind, `cannot ${doing} (${label}): ${why}`, {
    code,
    hint: [...hint],
    details: { server: label },
    cause,
  });
}
