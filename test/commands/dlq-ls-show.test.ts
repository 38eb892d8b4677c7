import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type DlqServer, onBoth, startDlqServer } from './dlq-driver.ts';

let server: DlqServer;

beforeAll(async () => {
  server = await startDlqServer();
});
afterAll(() => server.stop());
beforeEach(() => server.reset());

const CONFIG = `
profiles:
  test:
    streams:
      orders: { deadLetter: graveyard }
      mails: {}
profile: test
`;

async function seed(): Promise<void> {
  await server.reset();
  await server.die(200);
  await server.die(30, { reason: 'timeout' });
  await server.die(3);
  await server.die(2);
  await server.die(1, { reason: 'a\u001b[31mred reason' });
  await server.redis.xadd('mails:dead', '5-0', 'reason', 'no time');
}

describe('dlq ls', () => {
  test('counts by stream, reason and age', async () => {
    const [pipe, terminal] = await onBoth(server, 'dlq ls', seed);
    expect(pipe).toEqual({
      code: 0,
      stderr: '',
      stdout: `\
STREAM       REASON               ENTRIES  SHARE  <1H  <1D  <7D  OLDER  NO-TIME  OLDEST  NEWEST
mails:dead   no time                    1   100%    0    0    0      0        1       -       -
orders:dead  max-deliveries             3    60%    0    2    0      1        0    8d8h   2h00m
orders:dead  a\\x1b[31mred reason        1    20%    0    1    0      0        0   1h00m   1h00m
orders:dead  timeout                    1    20%    0    0    1      0        0    1d6h    1d6h
total        -                          6      -    0    3    1      1        1    8d8h   1h00m
`,
    });
    expect(terminal).toEqual(pipe);
  });

  test('as json has each dead-letter stream with its reasons', async () => {
    await seed();
    const { code, stdout, stderr } = await server.run('dlq ls orders --reasons 1 -o json');
    const none = { underHour: 0, underDay: 0, underWeek: 0, older: 0, unknown: 0 };
    const hours = (count: number) => expect.toSatisfy((ms: number) => Math.floor(ms / 3_600_000) === count);
    expect([code, stderr]).toEqual([
      0,
      "orders:dead: 2 rarer reasons go together as 'other'; --reasons shows more\n",
    ]);
    expect(JSON.parse(stdout)).toEqual({
      type: 'dead-letter-stream-list',
      items: [
        {
          ...{ stream: 'orders:dead', entries: 5, exactReasons: true },
          ages: { ...none, underDay: 3, underWeek: 1, older: 1 },
          ...{ oldestAgeMs: hours(200), newestAgeMs: hours(1) },
          reasons: [
            {
              ...{ reason: 'max-deliveries', otherReasons: 0, share: 0.6, entries: 3 },
              ages: { ...none, underDay: 2, older: 1 },
              ...{ oldestAgeMs: hours(200), newestAgeMs: hours(2) },
            },
            {
              ...{ reason: null, otherReasons: 2, share: 0.4, entries: 2 },
              ages: { ...none, underDay: 1, underWeek: 1 },
              ...{ oldestAgeMs: hours(30), newestAgeMs: hours(1) },
            },
          ],
        },
      ],
    });
  });

  test('puts rare reasons together and says so', async () => {
    await seed();
    const { stdout, stderr } = await server.run('dlq ls orders:dead --reasons 1');
    expect(stdout).toBe(`\
STREAM       REASON             ENTRIES  SHARE  <1H  <1D  <7D  OLDER  OLDEST  NEWEST
orders:dead  max-deliveries           3    60%    0    2    0      1    8d8h   2h00m
orders:dead  other (2 reasons)        2    40%    0    1    1      0    1d6h   1h00m
total        -                        5      -    0    3    1      1    8d8h   1h00m
`);
    expect(stderr).toBe("orders:dead: 2 rarer reasons go together as 'other'; --reasons shows more\n");
  });

  test('shows the empty ones that the configuration or the environment names', async () => {
    const setting = { config: CONFIG, env: { REDIS_STREAM_NAME: 'events' } };
    expect(await server.run('dlq ls', setting)).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: `\
STREAM       REASON  ENTRIES  SHARE  <1H  <1D  <7D  OLDER  OLDEST  NEWEST
events:dead  -             0      -    0    0    0      0       -       -
graveyard    -             0      -    0    0    0      0       -       -
mails:dead   -             0      -    0    0    0      0       -       -
total        -             0      -    0    0    0      0       -       -
`,
    });
    expect(JSON.parse((await server.run('dlq ls orders -o json', setting)).stdout).items).toMatchObject([
      { stream: 'graveyard', entries: 0, reasons: [] },
    ]);
  });

  test('says where there is no dead-letter stream at all', async () => {
    expect(await server.run('dlq ls')).toEqual({
      code: 0,
      stderr: 'no dead-letter streams are configured, and no stream is called like one\n',
      stdout: 'STREAM  REASON  ENTRIES  SHARE  <1H  <1D  <7D  OLDER  OLDEST  NEWEST\n',
    });
    expect((await server.run('dlq ls --quiet')).stderr).toBe('');
  });

  test('never calls 100% what is not everything, nor 0% what is something', async () => {
    for (let n = 0; n < 399; n += 1) void server.redis.xadd('orders:dead', '*', 'reason', 'often');
    await server.redis.xadd('orders:dead', '*', 'reason', 'once');
    const { stdout } = await server.run('dlq ls orders');
    const shares = stdout.split('\n').map((line) => line.split(/ +/).slice(1, 4));
    expect(shares.slice(1, 3)).toEqual([
      ['often', '399', '99%'],
      ['once', '1', '<1%'],
    ]);
  });

  test('shows a stream that is called like one, as itself', async () => {
    await server.redis.xadd('orders_dlq', server.idAt(2), 'reason', 'boom');
    const stdout = `\
STREAM      REASON  ENTRIES  SHARE  <1H  <1D  <7D  OLDER  OLDEST  NEWEST
orders_dlq  boom          1   100%    0    1    0      0   2h00m   2h00m
`;
    expect(await server.run('dlq ls orders_dlq')).toEqual({ code: 0, stderr: '', stdout });
    expect(await server.run('dlq ls')).toEqual({ code: 0, stderr: '', stdout });
  });

  describe('where some cannot be read', () => {
    const denied = () => ({ url: server.url.replace('redis://', 'redis://op:pw@') });
    beforeEach(async () => {
      await server.die(2);
      await server.redis.xadd('mails:dead', server.idAt(3), 'reason', 'boom');
      await server.redis.set('graveyard', 'no stream');
      await server.redis.call('ACL', 'SETUSER', 'op', 'on', '>pw', '+@all', '~orders*');
    });

    test('lists the others, and says which were left out and why', async () => {
      const config = CONFIG.replace('mails: {}', 'mails: {}\n      letters: { deadLetter: orders:dead }');
      const rows = `\
STREAM       REASON          ENTRIES  SHARE  <1H  <1D  <7D  OLDER  OLDEST  NEWEST
mails:dead   boom                  1   100%    0    1    0      0   3h00m   3h00m
orders:dead  max-deliveries        1   100%    0    1    0      0   2h00m   2h00m
total        -                     2      -    0    2    0      0   3h00m   2h00m
`;
      const wrong = await server.run('dlq ls', { config });
      expect([wrong.code, wrong.stdout]).toEqual([0, rows]);
      expect(wrong.stderr).toBe(
        'left out: cannot look at stream graveyard (redis://HOST/0): the key holds another kind of value\n',
      );
      const { code, stdout, stderr } = await server.run('dlq ls', denied());
      expect([code, stdout]).toEqual([
        0,
        rows
          .split('\n')
          .filter((_, at) => at % 2 === 0)
          .join('\n'),
      ]);
      expect(stderr).toMatch(/^left out: cannot look at stream mails:dead .*\n$/);
      expect((await server.run('dlq ls --quiet', denied())).stderr).toBe('');
    });

    test('one that is named alone, and all together, are an error', async () => {
      const alone = await server.run('dlq ls mails:dead', denied());
      expect([alone.code, alone.stdout, alone.stderr.split(' (')[0]]).toEqual([
        ...[4, '', 'qctl: cannot look at stream mails:dead'],
      ]);
      await server.redis.xadd('mails', '*', 'n', 1);
      const all = await server.run('dlq ls mails*', denied());
      expect([all.code, all.stdout]).toEqual([4, '']);
    });
  });

  test('of a name that nobody knows is an error', async () => {
    expect(await server.run('dlq ls order')).toEqual({
      code: 1,
      stdout: '',
      stderr: `\
qctl: there is no stream order (redis://HOST/0)
  hint: did you mean orders?
  hint: 'qctl stream ls' lists all streams
  hint: check that this is the right server and database
`,
    });
  });
});

describe('dlq show', () => {
  async function some(): Promise<void> {
    await server.reset();
    await server.die(48, {
      fields: ['id', 'm1', 'body', '{"n":1,"list":[1,{"a":"\\u00e4"}]}', 'type', 'created'],
    });
    await server.die(2, { reason: 'timeout', fields: ['body', 'plain\u001b[2J text'] });
    await server.redis.xadd(
      'orders:dead',
      server.idAt(1),
      'reason',
      'boom',
      'stream',
      'mails',
      'type',
      'sent',
    );
  }

  test('lists the oldest first, a line each', async () => {
    const [pipe, terminal] = await onBoth(server, 'dlq show orders', some);
    expect(pipe).toEqual({
      ...{ code: 0, stderr: '' },
      stdout: `\
ID                 AGE  REASON          STREAM  GROUP    CONSUMER  DELIVERIES  TYPE     SIZE
HOURS-AGO-048-1   2d0h  max-deliveries  orders  workers  w1                 3  created  52 B
HOURS-AGO-002-2  2h00m  timeout         orders  workers  w1                 3  -        18 B
HOURS-AGO-001-0  1h00m  boom            mails   -        -                  -  sent     29 B
`,
    });
    expect(terminal).toEqual(pipe);
  });

  test('with bodies shows the original fields; JSON is laid out on a terminal', async () => {
    const [pipe, terminal] = await onBoth(server, 'dlq show orders --bodies --limit 2', some);
    const head = `\
id              HOURS-AGO-048-1
in              orders:dead
reason          max-deliveries
died            TIME-HOURS-AGO-000000048, 2d0h ago
stream          orders
original id     1-1
group           workers
consumer        w1
deliveries      3
first seen      TIME-HOURS-AGO-000000049
last delivered  TIME-HOURS-AGO-000000048
size            52 B
  id: m1
`;
    const second = `\

id              HOURS-AGO-002-2
in              orders:dead
reason          timeout
died            TIME-HOURS-AGO-000000002, 2h00m ago
stream          orders
original id     1-1
group           workers
consumer        w1
deliveries      3
first seen      TIME-HOURS-AGO-000000003
last delivered  TIME-HOURS-AGO-000000002
size            18 B
  body: plain\\x1b[2J text
`;
    const more = 'there are more than these 2; --limit shows more\n';
    expect(pipe).toEqual({
      ...{ code: 0, stderr: more },
      stdout: `${head}  body: {"n":1,"list":[1,{"a":"\\u00e4"}]}\n  type: created\n${second}`,
    });
    expect(terminal).toEqual({
      ...{ code: 0, stderr: more },
      stdout: `${head}\
  body:
    {
      "n": 1,
      "list": [
        1,
        {
          "a": "\\u00e4"
        }
      ]
    }
  type: created
${second}`,
    });
  });

  test('as json has everything, and as fields those of the original message', async () => {
    await some();
    const { code, stdout, stderr } = await server.run('dlq show orders -o json --type created');
    const [item] = JSON.parse(stdout).items;
    expect({ code, stderr, ...JSON.parse(stdout) }).toEqual({
      ...{ code: 0, stderr: '', type: 'dead-letter-list' },
      items: [
        {
          ...{ stream: 'orders:dead', id: 'HOURS-AGO-048-1', madeBy: 'qctl', reason: 'max-deliveries' },
          ...{ originalStream: 'orders', originalId: '1-1', group: 'workers', consumer: 'w1', deliveries: 3 },
          firstSeenAt: 'TIME-HOURS-AGO-000000049',
          lastDeliveredAt: 'TIME-HOURS-AGO-000000048',
          deadAt: 'TIME-HOURS-AGO-000000048',
          ...{
            messageType: 'created',
            priority: null,
            correlationId: null,
            retryCount: null,
            payloadBytes: 52,
          },
          ageMs: item.ageMs,
          fields: { id: 'm1', body: '{"n":1,"list":[1,{"a":"\\u00e4"}]}', type: 'created' },
        },
      ],
    });
    expect(Math.floor(item.ageMs / 3_600_000)).toBe(48);
  });

  test('chooses by what the flags say', async () => {
    await some();
    const ids = async (flags: string) =>
      JSON.parse((await server.run(`dlq show orders -o json ${flags}`)).stdout).items.map(
        ({ id }: { id: string }) => id,
      );
    expect(await ids('--reason time* --group workers --stream orders --since 3h')).toEqual([
      'HOURS-AGO-002-2',
    ]);
    expect(await ids(`--until ${server.idAt(2, 2)} --limit 9`)).toEqual([
      'HOURS-AGO-048-1',
      'HOURS-AGO-002-2',
    ]);
    expect(await ids('--until 1d')).toEqual(['HOURS-AGO-048-1']);
    expect(await ids('--dead-letter orders:dead --stream mails')).toEqual(['HOURS-AGO-001-0']);
  });

  test('of ids that are not there says so and ends with 8', async () => {
    await some();
    const { code, stderr, stdout } = await server.run(`dlq show orders ${server.idAt(48, 1)} 9-9 9`);
    expect([code, stderr]).toEqual([8, '2 of the ids are not there: 9-9, 9-0\n']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
  });

  test('names the dead-letter stream where there are several', async () => {
    await server.redis.xadd('orders:eu', '*', 'a', 'b');
    await server.die(2, { dead: 'orders:dead' });
    await server.die(1, { dead: 'orders:eu:dead', stream: 'orders:eu' });
    expect((await server.run('dlq show orders*')).stdout).toBe(`\
ID               DEAD-LETTERS      AGE  REASON          STREAM     GROUP    CONSUMER  DELIVERIES  TYPE     SIZE
HOURS-AGO-002-1  orders:dead     2h00m  max-deliveries  orders     workers  w1                 3  created  39 B
HOURS-AGO-001-2  orders:eu:dead  1h00m  max-deliveries  orders:eu  workers  w1                 3  created  39 B
`);
  });

  test('of an empty stream says that there is nothing', async () => {
    expect(await server.run('dlq show orders')).toEqual({
      ...{ code: 0, stderr: 'there are no such dead letters\n' },
      stdout: 'ID  AGE  REASON  STREAM  GROUP  CONSUMER  DELIVERIES  TYPE  SIZE\n',
    });
  });

  test.each([
    ['dlq show', 'missing required argument'],
    ['dlq show orders x-1', 'x-1 is no id of a dead letter'],
    ['dlq show orders --since whenever', 'whenever is no place in a stream'],
    ['dlq show orders --limit 0', 'expected a whole number from 1'],
  ])('%s is refused before anything is connected', async (line, message) => {
    const { code, stderr } = await server.run(line, { url: 'redis://127.0.0.1:1' });
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
