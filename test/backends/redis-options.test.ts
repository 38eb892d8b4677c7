import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../src/backends/redis/options.ts';
import { isQctlError } from '../../src/errors.ts';

describe('a redis url', () => {
  it.each([
    ['redis://h', 'redis://h:6379/0'],
    ['redis://h:7000/4', 'redis://h:7000/4'],
    ['redis://:pw@h', 'redis://h:6379/0'],
    ['redis://default:pw@h', 'redis://h:6379/0'],
    ['redis://app:pw@h?db=2', 'redis://app@h:6379/2'],
    ['rediss://app:pw@h:6380', 'rediss://app@h:6380/0'],
    ['valkeys://h', 'rediss://h:6379/0'],
    ['redis://[::1]:6379', 'redis://[::1]:6379/0'],
    ['cache.internal:6390', 'redis://cache.internal:6390/0'],
    ['unix:///run/redis.sock?db=1', 'unix:///run/redis.sock?db=1'],
    ['/run/redis.sock', 'unix:///run/redis.sock?db=0'],
  ])('%s is shown as %s', (url, label) => {
    expect(resolveOptions({ url }).label).toBe(label);
  });

  it('decodes what was percent-encoded', () => {
    const { username, password } = resolveOptions({ url: 'redis://a%40b:p%2Fw%23@h' });
    expect([username, password]).toEqual(['a@b', 'p/w#']);
  });

  it('lets options win over the url', () => {
    const resolved = resolveOptions({ url: 'redis://a:b@h/1', username: 'c', password: 'd', db: 2 });
    expect(resolved).toMatchObject({ username: 'c', password: 'd', db: 2 });
  });

  it.each([
    ['redis://:hunter2#x@h', 'cannot be read'],
    ['redis://h/name', 'not a number'],
    ['https://h', 'must start with redis://'],
    ['redis://:hunter2%@h', 'valid escape'],
  ])('%s is refused without being repeated', (url, why) => {
    const error = errorOf(() => resolveOptions({ url }));
    expect(error).toMatchObject({ kind: 'config', code: 'REDIS_URL' });
    expect(error.message).toContain(why);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2');
  });
});

describe('options that contradict each other', () => {
  const hosts = [{ host: 's1', port: 26379 }];
  const sentinel = { hosts, name: 'main' };

  it.each([
    ['nothing at all', {}],
    ['url and sentinel', { url: 'redis://h', sentinel }],
    ['sentinel and cluster', { sentinel, cluster: { nodes: hosts } }],
    ['url and cluster nodes', { url: 'redis://h', cluster: { nodes: hosts } }],
    ['a sentinel without a name', { sentinel: { hosts, name: '' } }],
    ['a database of a cluster', { cluster: { nodes: hosts }, db: 1 }],
    ['rediss:// without TLS', { url: 'rediss://h', tls: false }],
    ['half a database', { url: 'redis://h', db: 0.5 }],
  ])('are refused: %s', (_, options) => {
    expect(errorOf(() => resolveOptions(options))).toMatchObject({ kind: 'config', code: 'REDIS_CONFIG' });
  });

  it('are none: a cluster whose first node is a url', () => {
    const resolved = resolveOptions({ url: 'rediss://app:pw@h:7000', cluster: { nodes: [] } });
    expect(resolved).toMatchObject({ kind: 'cluster', label: 'cluster://h:7000', username: 'app', tls: {} });
  });

  it('are none: sentinels inherit TLS and keep their own password', () => {
    const resolved = resolveOptions({
      sentinel: { ...sentinel, password: 'pw' },
      password: 'other',
      tls: true,
    });
    expect(resolved.label).toBe('sentinel://main@s1:26379/0');
    expect(resolved.sentinel).toMatchObject({ username: 'default', password: 'pw', tls: {} });
  });
});

function errorOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (isQctlError(error)) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
