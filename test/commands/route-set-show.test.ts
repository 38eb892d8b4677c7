import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useOwnRedis } from './own-redis.ts';
import { showRoutes, still } from './route-driver.ts';
import type { CommandSetting } from './run-command.ts';

const redis = useOwnRedis();
const route = (argv: string[], setting?: CommandSetting) => showRoutes(redis, argv, setting);

test('what is set shows before and now, and is shown with who and why', async () => {
  const made = await route(['set', 'orders', '--percent', '5', '--reason', 'first']);
  expect([made.rows, made.stderr]).toEqual([
    ['ROUTE | WHAT | BEFORE | NOW', 'orders | percent | - | 5%', 'orders | version | - | 1'],
    'the route is new; processes notice within a second\n',
  ]);
  const more = ['--type', 'refund=new', '--type', 'a=b=10', '--key', '42=old', '--percent', '12.5%'];
  const load = ['--load', 'stream=orders,above=10000,to=old'];
  const time = ['--time', 'from=22:00,to=06:00,timezone=Europe/Berlin,days=fri-sun,percent=new'];
  const { rows } = await route(['set', 'orders', ...more, ...load, ...time]);
  expect(rows.slice(1)).toEqual([
    'orders | key 42 | - | old',
    'orders | type refund | - | new',
    'orders | type a=b | - | 10%',
    'orders | time 1 | - | new from 22:00 to 06:00 Europe/Berlin on sun, fri, sat',
    'orders | load | - | old while orders is longer than 10000',
    'orders | percent | 5% | 12.5%',
    'orders | version | 1 | 2',
  ]);
  expect((await route(['show', 'orders'])).rows).toEqual([
    'route | orders',
    'key 42 | old',
    'type refund | new',
    'type a=b | 10%',
    'time 1 | new from 22:00 to 06:00 Europe/Berlin on sun, fri, sat',
    'load | old while orders is longer than 10000',
    'percent | 12.5%',
    'version | 2',
    'changed | TIME by WHO',
    'reason | -',
  ]);
  const { rows: back } = await route(['set', 'orders', '--type', 'refund=-', '--load', '-', '--time', '-']);
  expect(back.slice(1)).toEqual([
    'orders | type refund | new | -',
    'orders | time 1 | new from 22:00 to 06:00 Europe/Berlin on sun, fri, sat | -',
    'orders | load | old while orders is longer than 10000 | -',
    'orders | version | 2 | 3',
  ]);
  expect((await route(['show'])).rows).toEqual([
    'ROUTE | PERCENT | RULES | VERSION | CHANGED | BY | REASON',
    'orders | 12.5% | 1 key, 1 type | 3 | TIME | WHO | -',
  ]);
});

test('a dry run, and what is so already, write nothing', async () => {
  const dry = await route(['set', 'orders', '--percent', '5', '--dry-run']);
  expect([dry.rows[1], dry.stderr]).toEqual([
    'orders | percent | - | 5%',
    'nothing was changed (--dry-run)\n',
  ]);
  expect(await redis.client.exists('qctl:{route:orders}', 'qctl:routes')).toBe(0);
  await route(['set', 'orders', '--percent', '5']);
  const again = await route(['set', 'orders', '--percent', '5.00']);
  expect([again.rows[1], again.stderr]).toEqual([
    'orders | percent | 5% | 5%',
    'there is nothing to do: it is so already\n',
  ]);
  expect(await redis.client.llen('qctl:{route:orders}:history')).toBe(1);
});

test('a change that expects another version is refused, and says who was faster', async () => {
  await route(['set', 'orders', '--percent', '5', '--reason', 'mine', '--expect-version', '0']);
  const { code, stderr } = await route(['set', 'orders', '--percent', '9', '--expect-version', '7']);
  expect([code, stderr]).toEqual([
    3,
    "qctl: route orders is at version 1, not 7: set to 5% by WHO: mine\n  hint: look at it with 'qctl route show orders', then decide again\n",
  ]);
});

test('two who change it at once both get their way', async () => {
  await route(['set', 'orders', '--percent', '5']);
  const keys = ['a', 'b', 'c', 'd', 'e'];
  await Promise.all(keys.map((key) => route(['set', 'orders', '--key', `${key}=new`])));
  const { keys: set, version } = await redis.client.hgetall('qctl:{route:orders}');
  expect([Object.keys(JSON.parse(set!)).sort(), version]).toEqual([keys, '6']);
});

test('what cannot be read does not hide the others', async () => {
  await route(['set', 'orders', '--percent', '5']);
  await route(['set', 'mail', '--percent', '5']);
  await redis.client.hset('qctl:{route:mail}', 'types', '{');
  const { rows, stderr } = await route(['show']);
  expect([rows.length, stderr]).toEqual([2, 'qctl: warning: route mail cannot be read: types is no JSON\n']);
  const { code, stderr: refusal } = await route(['show', 'mail']);
  expect([code, refusal]).toEqual([7, expect.stringContaining("HGETALL 'qctl:{route:mail}'")]);
});

test('every command works on a file, and connects nowhere', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qctl-flags-'));
  const file = join(folder, 'flags.yaml');
  await writeFile(file, '# flags\nroutes:\n  orders: { percent: 5 }\n');
  const setting = { url: 'redis://127.0.0.1:1' };
  const { rows, stderr } = await route(['set', 'orders', '--percent', '25', '--file', file], setting);
  expect([rows[1], stderr]).toEqual([
    'orders | percent | 5% | 25%',
    'processes notice within a second where they see this file\n',
  ]);
  expect(await readFile(file, 'utf8')).toContain('# flags\n');
  expect((await route(['show', 'orders', '--file', file], setting)).rows).toContain('percent | 25%');
  expect((await route(['which', 'orders', '--key', '2', '--file', file], setting)).rows[1]).toMatch(
    /^2 \| new/,
  );
  expect((await route(['history', 'orders', '--file', file], setting)).rows).toHaveLength(1);
  const missing = await route(['show', 'ordres', '--file', file], setting);
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('did you mean orders?')]);
  await rm(folder, { recursive: true });
});

test('history and watch tell each change, with what was different', async () => {
  for (const percent of ['1', '5'])
    await route(['set', 'orders', '--percent', percent, '--reason', `to ${percent}`]);
  expect((await route(['history', 'orders'])).rows).toEqual([
    'TIME | v1 | percent 1%; by WHO: to 1',
    'TIME | v2 | percent 1% -> 5%; by WHO: to 5',
  ]);
  expect((await route(['history', 'orders', '--limit', '1'])).rows).toEqual([
    'TIME | v2 | percent 1% -> 5%; by WHO: to 5',
  ]);
  let told = '';
  const onStdout = (text: string, stop: () => void) => {
    told += text;
    if (told.includes('"version":4')) stop();
    else if (!told.includes('"version":3'))
      void route(['set', 'orders', '--percent', '25']).then(() => route(['set', 'orders', '--key', 'a=new']));
  };
  const { code } = await route(['watch', 'orders', '-o', 'ndjson'], { onStdout, columns: undefined });
  const events = told
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect([code, events.map(({ version, route: { percent, keys } }) => [version, percent, keys])]).toEqual([
    130,
    [
      [2, 5, {}],
      [3, 25, {}],
      [4, 25, { a: 'new' }],
    ],
  ]);
});

test('watch tells a route that Redis has lost from one that somebody removed', async () => {
  await route(['set', 'orders', '--percent', '5']);
  let told = '';
  const onStdout = (text: string, stop: () => void) => {
    told += text;
    if (told.includes('lost')) stop();
    else void redis.client.flushall();
  };
  await route(['watch', 'orders'], { onStdout });
  expect(still(told).split('\n')[1]).toBe('-  v0  lost, by nobody: processes keep the last that they know');
});

test('which says side, rule and bucket, also of a percentage that nobody has set', async () => {
  await route(['set', 'laden', '--percent', '25', '--load', 'stream=nowhere,group=g,above=10,to=old']);
  expect((await route(['which', 'laden', '--key', '2'])).rows[1]).toMatch(/^2 \| old \| percent/);
  const asked = await route(['which', 'orders', '--key', '2', '--key', '1', '--percent', '25']);
  expect(asked.rows).toEqual([
    'KEY | SIDE | RULE | BUCKET | WHY',
    '2 | new | percent | 1652 | bucket 1652 of 10000 is below 2500 (25%)',
    '1 | old | percent | 6049 | bucket 6049 of 10000 is not below 2500 (25%)',
  ]);
  const { code, stderr } = await route(['which', 'orders', '--key', '2']);
  expect([code, still(stderr)]).toEqual([
    2,
    expect.stringContaining('there is no route orders in redis://SERVER'),
  ]);
});

test('which answers for another time and another load than those of now', async () => {
  const night = 'from=22:00,to=06:00,timezone=Europe/Berlin,percent=100';
  await route(['set', 'timed', '--time', night, '--load', 'stream=nowhere,group=g,above=10,to=new']);
  const asked = async (...as: string[]) =>
    (await route(['which', 'timed', '--key', 'a', ...as])).rows[1]!.split(' | ').slice(1, 3).join();
  expect(await asked('--at', '2026-01-10T23:30:00+01:00')).toBe('new,time');
  // 22:30 in Berlin, where it is summer.
  expect(await asked('--at', '2026-07-10T20:30:00Z')).toBe('new,time');
  expect(await asked('--at', '2026-07-10T10:00')).toBe('old,percent');
  expect(await asked('--at', '2026-07-10T10:00', '--load', '11')).toBe('new,load');
  expect(await asked('--at', '2026-07-10T10:00', '--load', '10')).toBe('old,percent');
});

test.each([
  [['which', 'orders', '--key', '1', '--at', 'tonight'], 'expected a time such as'],
  [['which', 'orders', '--key', '1', '--load', '-1'], 'expected a number from 0'],
  [['set', 'orders'], 'there is nothing to set'],
  [['set', 'a b', '--percent', '1'], 'cannot be the name of a route'],
  [['set', 'orders', '--percent', '101'], 'expected a percentage from 0 to 100'],
  [['set', 'orders', '--type', 'refund'], '--type refund: expected NAME=SIDE'],
  [['set', 'orders', '--type', 'refund=nwe'], '--type refund: expected old, new or a percentage'],
  [['set', 'orders', '--key', '42=50'], '--key 42: expected old or new'],
  [['set', 'orders', '--key', '42=old', '--key', '42=new'], '--key: 42 is given twice'],
  [['set', 'orders', '--load', 'strem=s,above=1,to=old'], '--load strem: unknown field'],
  [['set', 'orders', '--time', 'from=1,to=2,percent=3'], '--time from: expected a time of day'],
  [['set', 'orders', '--time', 'nonsense'], '--time nonsense: expected FIELD=VALUE'],
  [['watch', 'orders', '-o', 'json'], '-o json is one document'],
])('%j is refused', async (argv, text) => {
  const { code, stderr } = await route(argv);
  expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
});
