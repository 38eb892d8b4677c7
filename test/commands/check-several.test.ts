import { beforeEach, describe, expect, test } from 'vitest';
import { configFile, drive, normalise } from './check-driver.ts';
import { useOwnRedis } from './own-redis.ts';

const redis = useOwnRedis();
const DENIED = 'cannot look at stream o:secret (redis://eve@HOST/0): ';

/** Two streams that eve may read, one of them far behind, and one that she may not. */
beforeEach(async () => {
  const { client } = redis;
  for (const stream of ['o:fine', 'o:late', 'o:secret']) {
    for (let n = 1; n <= (stream === 'o:late' ? 9 : 1); n += 1) await client.xadd(stream, `${n}-0`, 'n', n);
    await client.xgroup('CREATE', stream, 'g', '0');
    await client.xreadgroup('GROUP', 'g', 'c', 'COUNT', 1, 'STREAMS', stream, '>');
  }
  await client.call(
    'ACL',
    'SETUSER',
    'eve',
    'on',
    '>pw',
    '+@all',
    'resetkeys',
    '~o:fine',
    '~o:late',
    '~part*',
  );
});

const asEve = async (line: string) => {
  const { host, port } = redis.server;
  const end = await drive(line, { env: { REDIS_URL: `redis://eve:pw@${host}:${port}` } });
  return { ...end, stdout: normalise(end.stdout), stderr: normalise(end.stderr) };
};

describe('of several streams one that cannot be read', () => {
  test.each([
    ['lag', '-w 3 -c 5', 'o:late/g: lag 8 (critical above 5)', 'o:fine/g: lag 0'],
    ['depth --stream', '-w 3 -c 5', 'o:late: length 9 (critical above 5)', 'o:fine: length 1'],
  ])('does not hide that another is CRITICAL: check %s', async (check, limits, critical, fine) => {
    const { code, stdout, stderr } = await asEve(`check ${check} o:* ${limits}`);
    const [first, ...lines] = stdout.trimEnd().split('\n');
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(first).toContain(`CRITICAL - 1 critical, 1 unknown, 1 ok; ${critical} | `);
    expect(lines).toEqual([
      `CRITICAL ${critical}`,
      expect.stringMatching(/^UNKNOWN o:secret: cannot look at stream o:secret \(redis:\/\/eve@HOST\/0\): ./),
      `OK ${fine}`,
    ]);
  });

  test('is UNKNOWN by itself, in check pending too, and stands in JSON with its name', async () => {
    const { code, stdout, stderr } = await asEve('check pending * -c 5 -o json');
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    const { items } = JSON.parse(stdout);
    expect(items.map(({ name, status }: Record<string, string>) => [name, status])).toEqual([
      ['o:fine/g', 'ok'],
      ['o:late/g', 'ok'],
      ['o:secret', 'unknown'],
    ]);
    expect(items[2]).toEqual({
      ...{ name: 'o:secret', stream: 'o:secret', status: 'unknown', metrics: {} },
      findings: [{ code: 'REDIS_NOPERM', status: 'unknown', text: expect.stringContaining(DENIED) }],
    });
  });

  test('may be one that turned out to hold something else', async () => {
    const config = await configFile(
      'profiles: { p: { streams: { part: { partitions: 2 } } } }\nprofile: p\n',
    );
    await redis.client.rpush('part:{0}', 'x');
    await redis.client.xadd('part:{1}', '1-0', 'n', '1');
    const { code, stdout } = await asEve(`check depth --stream part -c 5 --config ${config}`);
    expect(code).toBe(3);
    expect(stdout.trimEnd().split('\n').slice(1)).toEqual([
      'UNKNOWN part:{0}: cannot look at stream part:{0} (redis://eve@HOST/0): the key holds another kind of value',
      'OK part:{1}: length 1',
    ]);
  });
});

test('a stream that is named alone and cannot be read is the whole result, with what to do', async () => {
  const { code, stdout, stderr } = await asEve('check lag o:secret g -c 5');
  expect(code).toBe(3);
  expect(stdout).toMatch(/^LAG UNKNOWN - o:secret\/g: cannot look at stream o:secret [^\n]*\n$/);
  expect(stderr).toContain('  hint: grant ');
});

test('streams whose names are no UTF-8 text cannot be checked, and a note says so', async () => {
  await redis.client.eval("return redis.call('XADD', 'o:\\255', '1-0', 'n', '1')", 0);
  const { stderr } = await asEve('check lag o:* -c 5');
  expect(stderr).toBe('qctl: left out: 1 stream whose name is no UTF-8 text\n');
});
