import { beforeEach, describe, expect, test } from 'vitest';
import { fillPending } from '../support/pending.ts';
import { useOwnRedis } from './own-redis.ts';

const redis = useOwnRedis();
const { run } = redis;

async function add(...ids: string[]): Promise<void> {
  for (const id of ids) await redis.client.xadd('orders', id, 'n', id);
}

/** Where the groups of a stream stand. */
async function positions(stream = 'orders'): Promise<Record<string, string>> {
  const rows = (await redis.client.call('XINFO', 'GROUPS', stream)) as string[][];
  return Object.fromEntries(rows.map((row) => [row[1]!, row[row.indexOf('last-delivered-id') + 1]!]));
}

const missing = `qctl: there is no stream order (redis://SERVER/0)
  hint: did you mean orders?
  hint: 'qctl stream ls' lists all streams
  hint: check that this is the right server and database
`;
const noStream = (
  stream: string,
) => `qctl: cannot look at stream ${stream} (redis://SERVER/0): the key holds another kind of value
  hint: check the name, or choose another key
`;
const noPlace = (place: string) => `qctl: ${place} is no place in a stream
  hint: write start, end, an id such as 1763721600000-0, a time such as 2026-11-21T09:00:00Z, or 10m for ten minutes ago
`;

describe('group create', () => {
  beforeEach(() => add('1-0', '2-0', '3-0'));

  test.each([{ columns: 100 }, {}])(
    'at once, with where it begins and what it will get: %o',
    async (setting) => {
      expect(await run(['group', 'create', 'orders', 'workers'], setting)).toEqual({
        code: 0,
        stdout: `STREAM  GROUP    POSITION  TO-DELIVER  DONE
orders  workers  0-0                3  created
`,
        stderr: '',
      });
      expect(await positions()).toEqual({ workers: '0-0' });
    },
  );

  test('from the end, from an id, from a time', async () => {
    const from = (place: string, group: string) =>
      run(['group', 'create', 'orders', group, '--from', place, '-o', 'json']);
    const created = (more: object) => ({
      type: 'created-group-list',
      items: [{ stream: 'orders', streamCreated: false, existed: false, dryRun: false, ...more }],
    });
    expect(JSON.parse((await from('end', 'a')).stdout)).toEqual(
      created({ group: 'a', lastDeliveredId: '3-0', toDeliver: 0 }),
    );
    expect(JSON.parse((await from('2-0', 'b')).stdout)).toEqual(
      created({ group: 'b', lastDeliveredId: '2-0', toDeliver: null }),
    );
    expect(JSON.parse((await from('10m', 'c')).stdout)).toEqual(
      created({ group: 'c', lastDeliveredId: '3-0', toDeliver: null }),
    );
    expect(await positions()).toEqual({ a: '3-0', b: '2-0', c: '3-0' });
  });

  test('--dry-run makes nothing', async () => {
    expect(await run(['group', 'create', 'orders', 'workers', '--dry-run'])).toEqual({
      code: 0,
      stdout: `STREAM  GROUP    POSITION  TO-DELIVER  DONE
orders  workers  0-0                3  no: --dry-run
`,
      stderr: '',
    });
    expect(await run(['group', 'create', 'new', 'workers', '--create-stream', '--dry-run'])).toMatchObject({
      code: 0,
    });
    expect(await positions()).toEqual({});
    expect(await redis.client.exists('new')).toBe(0);
  });

  test('a stream is made with --create-stream only', async () => {
    expect(await run(['group', 'create', 'order', 'workers'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `${missing}  hint: --create-stream makes it\n`,
    });
    expect(await redis.client.exists('order')).toBe(0);
    const { stdout } = await run(['group', 'create', 'new', 'workers', '--create-stream', '-o', 'json']);
    expect(JSON.parse(stdout).items).toEqual([
      {
        ...{ stream: 'new', group: 'workers', lastDeliveredId: '0-0', toDeliver: 0 },
        ...{ streamCreated: true, existed: false, dryRun: false },
      },
    ]);
    expect(await positions('new')).toEqual({ workers: '0-0' });
  });

  test('of several streams those that have it stay as they are, and the others get it', async () => {
    await redis.client.xadd('orders:eu', '1-0', 'n', '1');
    await redis.client.xadd('orders:us', '1-0', 'n', '1');
    await redis.client.xgroup('CREATE', 'orders:eu', 'audit', '1-0');
    const several = ['group', 'create', 'orders:*', 'audit'];
    const table = (done: string) => `STREAM     GROUP  POSITION  TO-DELIVER  DONE
orders:eu  audit  1-0                -  no: it was there
orders:us  audit  0-0                1  ${done}
`;
    expect(await run([...several, '--dry-run'])).toMatchObject({ code: 0, stdout: table('no: --dry-run') });
    expect(await run(several)).toEqual({ code: 0, stdout: table('created'), stderr: '' });
    expect(await positions('orders:us')).toEqual({ audit: '0-0' });
    const alone = ['group', 'create', 'orders:eu', 'audit', '--dry-run'];
    expect(await run(alone)).toMatchObject({ code: 1, stdout: '' });
  });

  test('the group of the configuration, on every partition', async () => {
    const config =
      'profile: default\nprofiles: { default: { streams: { alerts: { group: workers, partitions: 2 } } } }\n';
    expect(await run(['group', 'create', 'alerts', '--create-stream'], { config })).toEqual({
      code: 0,
      stdout: `STREAM      GROUP    POSITION  TO-DELIVER  DONE
alerts:{0}  workers  0-0                0  created
alerts:{1}  workers  0-0                0  created
`,
      stderr: '',
    });
  });

  test.each<[string, string[], number, string]>([
    [
      'one that exists',
      ['orders', 'old'],
      1,
      `qctl: stream orders has a group old already
  hint: 'qctl group reset orders old' moves its position
  hint: 'qctl group ls orders' shows it
`,
    ],
    [
      'no name',
      ['orders'],
      2,
      `qctl: the group to create on orders is not named
  hint: write 'qctl group create orders NAME', or name it in qctl.yaml under streams
`,
    ],
    ['a key that is no stream', ['text', 'workers', '--create-stream'], 7, noStream('text')],
    ['a place that is none', ['orders', 'workers', '--from', 'yesterday'], 2, noPlace('yesterday')],
    [
      'an id ahead of the stream',
      ['orders', 'workers', '--from', '4-0'],
      2,
      `qctl: 4-0 lies ahead of the last id of orders, 3-0
  hint: a group set there would miss what comes until then; end means all that comes from now on
`,
    ],
  ])('refuses %s', async (_, argv, code, stderr) => {
    await redis.client.call('XGROUP', 'CREATE', 'orders', 'old', '2-0');
    await redis.client.set('text', 'no stream');
    expect(await run(['group', 'create', ...argv])).toEqual({ code, stdout: '', stderr });
    expect(await positions()).toEqual({ old: '2-0' });
  });
});

describe('group reset', () => {
  beforeEach(async () => {
    await fillPending(redis.client, 'orders', 'workers', [
      { id: '1-0', consumer: 'a' },
      { id: '2-0', consumer: 'a' },
    ]);
    await add('3-0', '4-0');
    await redis.client.xack('orders', 'workers', '1-0');
  });

  const argv = ['group', 'reset', 'orders', 'workers', '--to', 'start'];
  const plan = `group     orders workers
position  2-0 -> 0-0
again     2 entries will be delivered again
pending   1 entry stays pending with its consumer
`;
  const done = 'group     orders workers\nposition  2-0 -> 0-0\n';

  test('on a terminal: what comes again, the question, prior -> new', async () => {
    expect(await run(argv, { columns: 100, answer: 'y' })).toEqual({ code: 0, stdout: done, stderr: plan });
    expect(await positions()).toEqual({ workers: '0-0' });
  });

  test('a no, a pipe without --yes and --dry-run move nothing', async () => {
    expect(await run(argv, { columns: 100, answer: 'n' })).toEqual({
      code: 9,
      stdout: '',
      stderr: `${plan}qctl: declined; nothing was done\n  hint: --dry-run shows the plan and asks nothing\n`,
    });
    expect(await run(argv)).toEqual({
      code: 3,
      stdout: '',
      stderr: `${plan}qctl: this needs a yes, and there is no terminal to ask on: Move group workers of orders?
  hint: look at the plan with --dry-run, then run it again with --yes
`,
    });
    expect(await run([...argv, '--dry-run'])).toEqual({
      code: 0,
      stdout: plan.replace('will be', 'would be'),
      stderr: '',
    });
    expect(await positions()).toEqual({ workers: '2-0' });
  });

  test('ahead: what is skipped; json holds all of it', async () => {
    const ahead = ['group', 'reset', 'orders', '--to', 'end', '--yes'];
    expect(await run([...ahead, '--dry-run'])).toEqual({
      code: 0,
      stdout: `group     orders workers
position  2-0 -> 4-0
skipped   2 entries would be skipped: this group never gets them
pending   1 entry stays pending with its consumer
`,
      stderr: '',
    });
    const moved = {
      ...{ stream: 'orders', group: 'workers', prior: '2-0', next: '4-0', again: 0, skipped: 2 },
      ...{ atLeast: 2, pending: 1, behind: 0 },
    };
    const planned = await run([...ahead, '--dry-run', '-o', 'json']);
    expect(JSON.parse(planned.stdout)).toEqual({ type: 'reset-plan', ...moved });
    const { code, stdout, stderr } = await run([...ahead, '--quiet', '-o', 'json']);
    expect({ code, stderr, report: JSON.parse(stdout) }).toEqual({
      code: 0,
      stderr: '',
      report: { type: 'reset-group', ...moved },
    });
    expect(await positions()).toEqual({ workers: '4-0' });
  });

  test('a group that moves on while the question stands: what was done is counted from where it was', async () => {
    const onQuestion = () =>
      redis.client.xreadgroup('GROUP', 'workers', 'a', 'COUNT', 1, 'STREAMS', 'orders', '>');
    expect(await run(argv, { columns: 100, answer: 'y', onQuestion })).toEqual({
      code: 0,
      stdout: `group     orders workers
position  3-0 -> 0-0
again     3 entries are delivered again
pending   2 entries stay pending with their consumers
`,
      stderr: plan,
    });
  });

  test('to where it stands: nothing lies between', async () => {
    expect(await run(['group', 'reset', 'orders', '--to', '2-0', '--yes'])).toEqual({
      code: 0,
      stdout: 'group     orders workers\nposition  2-0 -> 2-0\n',
      stderr: `group     orders workers
position  2-0 -> 2-0
change    no entry lies between the two
pending   1 entry stays pending with its consumer
`,
    });
  });

  test.each<[string, string[], number, string]>([
    ['a stream that is missing', ['order', 'workers', '--to', 'start'], 1, missing],
    [
      'a group that is missing',
      ['orders', 'worker', '--to', 'start'],
      1,
      'qctl: stream orders has no group worker\n  hint: did you mean workers?\n  hint: its groups: workers\n',
    ],
    ['a key that is no stream', ['text', 'workers', '--to', 'start'], 7, noStream('text')],
    [
      'no place',
      ['orders', 'workers'],
      2,
      'qctl: --to is missing\n  hint: say where: start, end, an id or a time\n',
    ],
    ['a place that is none', ['orders', 'workers', '--to', '2026-13-45'], 2, noPlace('2026-13-45')],
    [
      'a time to come',
      ['orders', 'workers', '--to', '2199-01-01'],
      2,
      `qctl: 2199-01-01T00:00:00.000Z lies ahead of the server's clock
  hint: a group set there would miss what comes until then; end means all that comes from now on
`,
    ],
    [
      'several streams',
      ['orders*', '--to', 'start'],
      2,
      'qctl: orders* means 2 streams; name one\n  hint: it means orders, orders:dead\n',
    ],
  ])('refuses %s', async (_, argv, code, stderr) => {
    await redis.client.set('text', 'no stream');
    await redis.client.xadd('orders:dead', '*', 'a', 'b');
    expect(await run(['group', 'reset', ...argv, '--yes'])).toEqual({ code, stdout: '', stderr });
    expect(await positions()).toEqual({ workers: '2-0' });
  });
});

describe('group delete', () => {
  beforeEach(async () => {
    await fillPending(redis.client, 'orders', 'workers', [
      { id: '1-0', consumer: 'a' },
      { id: '2-0', consumer: 'b' },
    ]);
    await add('3-0');
    await redis.client.call('XGROUP', 'CREATE', 'orders', 'audit', '1-0');
  });

  const auditPlan = `group      orders audit
consumers  0
position   1-0, 2 entries not delivered
pending    0 entries delivered and not acknowledged
`;
  const workersPlan = `group      orders workers
consumers  2
position   2-0, 1 entry not delivered
pending    2 entries delivered and not acknowledged
`;
  const both = { workers: '2-0', audit: '1-0' };

  test('on a terminal: what goes with it, the question, the result', async () => {
    expect(await run(['group', 'delete', 'orders', 'audit'], { columns: 100, answer: 'y' })).toEqual({
      code: 0,
      stdout: 'deleted: group audit of orders\n',
      stderr: auditPlan,
    });
    expect(await positions()).toEqual({ workers: '2-0' });
  });

  test('a no, a pipe without --yes and --dry-run delete nothing', async () => {
    const argv = ['group', 'delete', 'orders', 'audit'];
    expect(await run(argv, { columns: 100, answer: 'n' })).toEqual({
      code: 9,
      stdout: '',
      stderr: `${auditPlan}qctl: declined; nothing was done\n  hint: --dry-run shows the plan and asks nothing\n`,
    });
    expect(await run(argv)).toEqual({
      code: 3,
      stdout: '',
      stderr: `${auditPlan}qctl: this needs a yes, and there is no terminal to ask on: Delete group audit of orders?
  hint: look at the plan with --dry-run, then run it again with --yes
`,
    });
    expect(await run([...argv, '--dry-run'])).toEqual({ code: 0, stdout: auditPlan, stderr: '' });
    expect(await positions()).toEqual(both);
  });

  test('with entries pending it is refused, also as a plan; --force deletes it with them', async () => {
    const argv = ['group', 'delete', 'orders', 'workers', '--yes'];
    const refusal = `qctl: group workers of orders has 2 pending entries
  hint: they were delivered and never acknowledged; without the group nobody knows of them any more
  hint: 'qctl pending orders workers' shows them; --force deletes the group with them
`;
    expect(await run(argv)).toEqual({ code: 3, stdout: '', stderr: `${workersPlan}${refusal}` });
    expect(await run([...argv, '--dry-run'])).toEqual({ code: 3, stdout: workersPlan, stderr: refusal });
    expect(await positions()).toEqual(both);
    expect(await run([...argv, '--force'])).toEqual({
      code: 0,
      stdout: 'deleted: group workers of orders\n',
      stderr: workersPlan,
    });
    expect(await positions()).toEqual({ audit: '1-0' });
  });

  test('its name cannot steer the terminal', async () => {
    await redis.client.xgroup('CREATE', 'orders', 'y\x1b]0;t\x07', '0');
    const { stdout } = await run(['group', 'delete', 'orders', 'y\x1b]0;t\x07', '--yes', '--quiet']);
    expect(stdout).toBe('deleted: group y\\x1b]0;t\\x07 of orders\n');
  });

  test('json: the plan, then the result', async () => {
    const argv = ['group', 'delete', 'orders', 'workers', '--force', '--yes', '--quiet', '-o', 'json'];
    const planned = await run([...argv, '--dry-run']);
    expect(JSON.parse(planned.stdout)).toEqual({
      ...{ type: 'delete-plan', stream: 'orders', group: 'workers', consumers: 2, pending: 2 },
      lastDeliveredId: '2-0',
      lag: expect.objectContaining({ lag: 1, atLeast: 1, atMost: 1 }),
    });
    const { code, stdout, stderr } = await run(argv);
    expect({ code, stderr, report: JSON.parse(stdout) }).toEqual({
      code: 0,
      stderr: '',
      report: { type: 'deleted-group', stream: 'orders', group: 'workers', deleted: true, pending: 2 },
    });
  });

  test.each<[string, string[], number, string]>([
    ['a stream that is missing', ['order', 'workers'], 1, missing],
    [
      'a group that is missing',
      ['orders', 'worker'],
      1,
      'qctl: stream orders has no group worker\n  hint: did you mean workers?\n  hint: its groups: audit, workers\n',
    ],
    ['a key that is no stream', ['text', 'workers'], 7, noStream('text')],
    [
      'no group, however many there are',
      ['orders'],
      2,
      "qctl: missing required argument 'group'\n  hint: run 'qctl group delete --help' for its flags\n",
    ],
  ])('refuses %s', async (_, argv, code, stderr) => {
    await redis.client.set('text', 'no stream');
    expect(await run(['group', 'delete', ...argv, '--yes', '--force'])).toEqual({ code, stdout: '', stderr });
    expect(await positions()).toEqual(both);
  });
});
