import type { Hints } from '../../errors.ts';
import { explainNetwork, withoutArguments } from '../network.ts';
import { passingAdvice } from './passing-advice.ts';
import { bareReply, isRetryable, replyCode } from './retry.ts';

/** What an error means to the reader: the parts of a QctlError. */
export interface Verdict {
  kind: 'auth' | 'config' | 'target' | 'failed';
  code: string;
  /** Lower-case clause that follows a colon. */
  why: string;
  hint: string[];
}

function is(kind: Verdict['kind'], code: string, why: string, ...hint: Hints): Verdict {
  return { kind, code, why, hint };
}

/** Of a server that answers MOVED, and of one that would if it were asked for another key. */
export const CLUSTER_NODE = is(
  'config',
  'REDIS_IS_CLUSTER',
  'the server is a node of a cluster',
  'configure it as a cluster: list its nodes under redis.cluster.nodes',
);

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
  [/^MOVED/, CLUSTER_NODE],
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
      'check the name, or choose another key',
    ),
  ],
  [
    /^CROSSSLOT|same slots allocation group|access a non local key/,
    is(
      'target',
      'REDIS_CROSSSLOT',
      'the keys lie in different slots of the cluster',
      'give the names of streams that belong together one hash tag, as in {orders} and {orders}:dead',
    ),
  ],
  [
    /^BUSYGROUP/,
    is(
      'failed',
      'REDIS_BUSYGROUP',
      'the stream has a consumer group of this name already',
      "'qctl group reset' moves its position",
      "'qctl group ls' shows it",
    ),
  ],
  [
    /^(ERR )?no such key|XGROUP subcommand requires the key to exist/,
    is('failed', 'REDIS_NO_STREAM', 'there is no such stream', "'qctl stream ls' lists all streams"),
  ],
];

// Redis 7 names the script and its line behind the error of a command in it.
const SCRIPT_SUFFIX = / script: [0-9a-f]{40}, on @user_script:\d+\.$/;

/** Judges a reply, a socket error or an error of the client. */
export function verdict(error: unknown): Verdict {
  const text =
    error instanceof Error ? withoutArguments(bareReply(error)).replace(SCRIPT_SUFFIX, '') : String(error);
  if (NO_PERMISSION.test(text)) return notPermitted(text);
  if (/^NOGROUP/.test(text)) return noGroup(text);
  const passing = isRetryable(error);
  const known = VERDICTS.find(([match]) => match.test(text));
  // Where a cluster's client has followed MOVED in vain, the server is known to be a cluster.
  if (known && !(passing && replyCode(error) === 'MOVED')) return known[1];
  const network = explainNetwork(error);
  if (network) return is('target', `REDIS_${network.code}`, network.why, ...network.hint);
  if (passing) {
    const { code, hint } = passingAdvice(replyCode(error), text);
    return is('target', code, passing, ...hint);
  }
  return is(
    'target',
    'REDIS_FAILED',
    text.replace(/^ERR /, '') || 'unknown error',
    'look into the log of the server',
  );
}

// In a script it is a plain ERR.
const NO_PERMISSION =
  /^NOPERM|^ERR ACL failure in script|^(ERR )?The user executing the script can't (run|access)/;

/** Keeps what the server says: it names the command, and since Redis 7.2 the user. */
function notPermitted(text: string): Verdict {
  const said = text
    .replace(/^(NOPERM|ERR) (ACL failure in script: )?/, '')
    .replace(/^this user/i, 'the user');
  const why = said.charAt(0).toLowerCase() + said.slice(1);
  return is('auth', 'REDIS_NOPERM', why, grantHint(text));
}

function grantHint(text: string): string {
  const user = /User (\S+) has no/.exec(text)?.[1] ?? '<user>';
  const command = /run the '([^']+)' command/.exec(text)?.[1];
  if (command) return `grant it with ACL SETUSER ${user} +${command}`;
  if (/key/.test(text))
    return `grant the key with ACL SETUSER ${user} ~<key>; ACL LOG on the server names it`;
  return `grant the command and the keys with ACL SETUSER ${user}; ACL LOG on the server names them`;
}

/** Redis has two sentences for it; only the first says that the stream is there. */
function noGroup(text: string): Verdict {
  const [, group, stream] = /consumer group '(.*)' for key name '(.*)'$/s.exec(text) ?? [];
  if (stream !== undefined)
    return missingGroup(`stream ${stream} has no consumer group ${group}`, stream, group);
  const [, key, wanted] = /key '(.*)' or consumer group '(.*?)'(?: in XREADGROUP|$)/s.exec(text) ?? [];
  if (key === undefined) return missingGroup(text.replace(/^NOGROUP /, ''), 'STREAM', 'GROUP');
  return missingGroup(`there is no stream ${key}, or it has no consumer group ${wanted}`, key, wanted);
}

function missingGroup(why: string, stream: string, group: string | undefined): Verdict {
  return is(
    'failed',
    'REDIS_NOGROUP',
    why,
    `'qctl group ls ${stream}' lists the groups that there are`,
    `'qctl group create ${stream} ${group}' makes it`,
  );
}
