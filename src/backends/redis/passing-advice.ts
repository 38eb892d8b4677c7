import type { Hints } from '../../errors.ts';

/** What to do about an error that may pass by itself. */
interface Advice {
  code: string;
  hint: Hints;
}

const WAIT = 'wait for the server and try again';

// By the reply's first word. What has a code of its own seldom passes without somebody doing something.
const ADVICE: Record<string, Advice> = {
  OOM: {
    code: 'REDIS_OOM',
    hint: [
      "'qctl stream ls' shows which streams take the memory",
      "'qctl stream trim --acknowledged' frees what every group has acknowledged",
      'or raise maxmemory',
    ],
  },
  READONLY: {
    code: 'REDIS_READONLY',
    hint: [
      'connect to its primary: INFO replication names it',
      'or let Sentinel find it: redis.sentinel in qctl.yaml, or REDIS_SENTINEL_HOSTS',
    ],
  },
  MISCONF: {
    code: 'REDIS_MISCONF',
    hint: ['make room on the disk of the server; its log says what it could not save'],
  },
  NOREPLICAS: {
    code: 'REDIS_NOREPLICAS',
    hint: ['bring the replicas back, or lower min-replicas-to-write'],
  },
  BUSY: { code: 'REDIS_UNAVAILABLE', hint: ['wait for the script, or end it with SCRIPT KILL'] },
  CLUSTERDOWN: {
    code: 'REDIS_UNAVAILABLE',
    hint: ['CLUSTER INFO and CLUSTER NODES say which slots are not served'],
  },
  MASTERDOWN: { code: 'REDIS_UNAVAILABLE', hint: ['connect to the primary, or wait until the link is back'] },
};

/**
 * What to do about a reply, or about a lost connection.
 *
 * @param reply its first word; empty where there was none
 */
export function passingAdvice(reply: string, text: string): Advice {
  if (/max number of clients reached/.test(text))
    return { code: 'REDIS_UNAVAILABLE', hint: ['raise maxclients, or close other connections'] };
  return ADVICE[reply] ?? { code: 'REDIS_UNAVAILABLE', hint: [WAIT] };
}
