import { explainNetwork, withoutArguments } from '../network.ts';
import { bareReply, isRetryable } from './retry.ts';

/** What an error means to the reader: the parts of a QctlError. */
export interface Verdict {
  kind: 'auth' | 'config' | 'target';
  code: string;
  /** Lower-case clause that follows a colon. */
  why: string;
  hint: string[];
}

function is(kind: Verdict['kind'], code: string, why: string, ...hint: string[]): Verdict {
  return { kind, code, why, hint };
}

const VERDICTS: [match: RegExp, verdict: Verdict][] = [
  [
    /^WRONGPASS|invalid password|invalid username-password/i,
    is(
      'auth',
      'REDIS_AUTH',
      'wrong user name or password, or the user is disabled',
      'check the user name and the password',
    ),
  ],
  [
    /^NOAUTH/,
    is(
      'auth',
      'REDIS_AUTH',
      'the server wants a password and none was given',
      'give a password, for example in the URL or in REDIS_PASSWORD',
    ),
  ],
  [
    /^DENIED/,
    is(
      'auth',
      'REDIS_PROTECTED',
      'the server is in protected mode and takes local connections only',
      'set a password on the server, or a bind address and protected-mode no',
    ),
  ],
  [
    /^MOVED/,
    is(
      'config',
      'REDIS_IS_CLUSTER',
      'the server is a node of a cluster',
      'configure it as a cluster: list its nodes under redis.cluster.nodes',
    ),
  ],
  [
    /cluster support disabled/,
    is('config', 'REDIS_NOT_CLUSTER', 'the server is not a cluster', 'configure it with a url'),
  ],
  [
    /DB index is out of range|invalid DB index/i,
    is('config', 'REDIS_DB', 'the server has no such database', 'use a lower database number, often 0'),
  ],
  [
    /^Protocol error/,
    is(
      'config',
      'REDIS_PROTOCOL',
      'the answer is not in the protocol of Redis',
      'check the port; for a TLS port use rediss://',
    ),
  ],
  [
    /^WRONGTYPE/,
    is(
      'target',
      'REDIS_WRONG_TYPE',
      'the key holds another kind of value',
      'choose another key, or remove the old one',
    ),
  ],
  [
    /^CROSSSLOT/,
    is(
      'target',
      'REDIS_CROSSSLOT',
      'the keys lie in different slots of the cluster',
      'give the keys one hash tag, as in {orders}:stream',
    ),
  ],
];

/** Judges a reply, a socket error or an error of the client. */
export function verdict(error: unknown): Verdict {
  const text = error instanceof Error ? withoutArguments(bareReply(error)) : String(error);
  if (/^NOPERM/.test(text)) return notPermitted(text);
  const known = VERDICTS.find(([match]) => match.test(text));
  if (known) return known[1];
  const network = explainNetwork(error);
  if (network) return is('target', `REDIS_${network.code}`, network.why, ...network.hint);
  const passing = isRetryable(error);
  if (passing) return is('target', 'REDIS_UNAVAILABLE', passing, 'wait for the server and try again');
  return is('target', 'REDIS_FAILED', text.replace(/^ERR /, '') || 'unknown error');
}

function notPermitted(text: string): Verdict {
  const why = text.replace(/^NOPERM /, '').replace(/^this user/i, 'the user');
  const lower = why.charAt(0).toLowerCase() + why.slice(1);
  return is('auth', 'REDIS_NOPERM', lower, 'grant the command and the keys with ACL SETUSER');
}
