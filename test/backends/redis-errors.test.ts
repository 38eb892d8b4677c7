import { describe, expect, it } from 'vitest';
import { isRetryable, toTargetError } from '../../src/backends/redis/index.ts';

const reply = (text: string) => Object.assign(new Error(text), { name: 'ReplyError' });
const socket = (code: string) => Object.assign(new Error(`read ${code}`), { code });

describe('what is worth waiting for', () => {
  it.each([
    ['LOADING Redis is loading the dataset in memory', 'Redis is loading its data'],
    [
      "OOM command not allowed when used memory > 'maxmemory'.",
      'Redis is out of memory (OOM): maxmemory reached',
    ],
    [
      'ERR Error running script (call to f_1): @user_script:1: -OOM command not allowed',
      'Redis is out of memory (OOM): maxmemory reached',
    ],
    ["READONLY You can't write against a read only replica. script: 1", 'server is a read-only replica'],
    ['CLUSTERDOWN The cluster is down', 'cluster is down'],
    ['BUSY Redis is busy running a script.', 'a long script blocks Redis (BUSY)'],
    ['TRYAGAIN Multiple keys request during rehashing of slot', 'cluster is moving slots (TRYAGAIN)'],
    ['MASTERDOWN Link with MASTER is down', 'replica has lost its primary (MASTERDOWN)'],
    ['NOREPLICAS Not enough good replicas to write.', 'too few replicas are in sync (NOREPLICAS)'],
    ['MISCONF Redis is configured to save RDB snapshots', 'Redis cannot save to its disk (MISCONF)'],
    ['ERR max number of clients reached', 'Redis has no free connection (maxclients)'],
    ['Too many Cluster redirections. Last error: ReplyError: MOVED 1 h:1', 'cluster is moving slots (MOVED)'],
  ])('%s', (text, reason) => {
    expect(isRetryable(reply(text))).toBe(reason);
  });

  it('names the reason of a lost connection', () => {
    expect(isRetryable(socket('ECONNRESET'))).toBe('connection lost: ECONNRESET');
    expect(isRetryable(new Error('Connection is closed.'))).toBe('connection lost');
  });

  it('is seen through a translated error too', () => {
    const lost = toTargetError(socket('EPIPE'), 'redis://h', 'append');
    expect(isRetryable(lost)).toBe('connection lost: EPIPE');
  });

  it.each([
    'BUSYGROUP Consumer Group name already exists',
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    "NOPERM this user has no permissions to run the 'xadd' command",
    'WRONGPASS invalid username-password pair or user is disabled.',
    "ERR unknown command 'X', with args beginning with: 'READONLY OOM'",
    'MOVED 1 h:1',
  ])('is not: %s', (text) => {
    expect(isRetryable(reply(text))).toBeUndefined();
  });

  it('takes a bare MOVED as passing on a cluster connection only', () => {
    expect(isRetryable(reply('MOVED 1 h:1'), 'cluster')).toBe('cluster is moving slots (MOVED)');
    expect(isRetryable(reply('MOVED 1 h:1'), 'standalone')).toBeUndefined();
  });
});

describe('what is shown of the rest', () => {
  it('names what was tried, where, and why it failed', () => {
    const error = toTargetError(
      reply('WRONGTYPE Operation against a key'),
      'redis://h:6379/0',
      'append to orders',
    );
    expect(error).toMatchObject({ kind: 'target', code: 'REDIS_WRONG_TYPE' });
    expect(error.message).toBe(
      'cannot append to orders (redis://h:6379/0): the key holds another kind of value',
    );
  });

  it('maps a missing right to kind auth and says which', () => {
    const error = toTargetError(
      reply("NOPERM this user has no permissions to run the 'xadd' command"),
      'L',
      'x',
    );
    expect(error).toMatchObject({ kind: 'auth', code: 'REDIS_NOPERM' });
    expect(error.message).toContain("the user has no permissions to run the 'xadd' command");
  });

  it('keeps neither the arguments of the command nor those the server repeats', () => {
    const raw = Object.assign(reply("ERR unknown command 'X', with args beginning with: 'body-1'"), {
      command: { name: 'x', args: ['body-1'] },
    });
    const error = toTargetError(raw, 'L', 'x');
    expect(error.message).toContain("unknown command 'X'");
    expect(JSON.stringify([error, error.message, error.cause, String(error.cause)])).not.toContain('body-1');
  });

  it('leaves a QctlError as it is', () => {
    const first = toTargetError(socket('ECONNREFUSED'), 'L', 'x');
    expect(toTargetError(first, 'other', 'y')).toBe(first);
  });
});
