import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findPromtool } from '../../scripts/ensure-promtool.mjs';
import { MAINTAIN_LOCK } from '../../src/model/keys.ts';
import { putAside } from '../support/delayed.ts';
import { fillPending } from '../support/pending.ts';
import { useOwnRedis } from './own-redis.ts';

const own = useOwnRedis();
const config = (maintain: string, streams = 'orders: { maxLen: 2, group: workers, maxDeliveries: 3 }') =>
  `profiles: { test: { streams: { ${streams} }, maintain: { ${maintain} } } }`;

async function fill(stream = 'orders', count = 5): Promise<void> {
  for (let n = 1; n <= count; n += 1) await own.client.xadd(stream, `${n}-0`, 'n', n);
  await own.client.call('XGROUP', 'CREATE', stream, 'workers', '$');
}

/** All that Redis holds. */
async function dump(): Promise<Record<string, string>> {
  const keys = (await own.client.keys('*')).sort();
  const dumps = keys.map(async (key) => [key, (await own.client.dumpBuffer(key))!.toString('base64')]);
  return Object.fromEntries(await Promise.all(dumps));
}

describe('maintain with destructive parts', () => {
  test('does nothing at all without a yes, and says what it would do', async () => {
    await fill();
    await putAside(own.client, 'later', [{ id: 'a', dueMs: 1000 }]);
    const before = await dump();
    const { code, stdout, stderr } = await own.run(['maintain'], { config: config('trim: true') });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^trim +orders +- +3 /m);
    expect(stderr).toContain('Cut 3 entries?');
    expect(await dump()).toEqual(before);
  });

  test('shows in a dry run only what there is to do, and says where that is nothing', async () => {
    await fill('mails');
    await fill('tasks');
    const streams = 'mails: { maxLen: 1 }, tasks: { maxLen: 100 }';
    const some = await own.run(['maintain', '--dry-run'], { config: config('trim: true', streams) });
    expect(some.stdout).toContain('mails');
    expect(some.stdout).not.toContain('tasks');
    const none = { config: config('trim: true', 'tasks: { maxLen: 100 }') };
    const { stdout, stderr } = await own.run(['maintain', '--dry-run'], none);
    expect([stdout, stderr]).toEqual(['', 'there is nothing to do (--verbose shows every stream)\n']);
    expect((await own.run(['maintain', '--dry-run', '--verbose'], none)).stdout).toContain('tasks');
  });

  test.each([
    ['n', 9, 5],
    ['y', 0, 2],
  ])('asks on a terminal; after %s it ends with %i', async (answer, code, length) => {
    await fill();
    const end = await own.run(['maintain'], { config: config('trim: true'), columns: 100, answer });
    expect(end.code).toBe(code);
    expect(await own.client.xlen('orders')).toBe(length);
  });

  test('does it with --yes, and sums up in one line', async () => {
    await fillPending(own.client, 'orders', 'workers', [
      { id: '1-0', consumer: 'dead', deliveries: 3 },
      { id: '2-0', consumer: 'dead' },
    ]);
    await own.client.call('XREADGROUP', 'GROUP', 'workers', 'alive', 'STREAMS', 'orders', '0');
    const all = config('trim: true, claim: true, deadLetter: true');
    const { code, stdout, stderr } = await own.run(['maintain', '--yes'], { config: all });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'TASK          STREAM  GROUP    COUNT  WHAT',
      'dead-letters  orders  workers      1  to orders:dead',
      'claim         orders  workers      1  taken over by alive',
      '',
      'maintain: 1 dead-lettered, 1 claimed, 0 left in NOW',
      '',
    ]);
  });

  test('goes on as ever without a yes where there is nothing for them to do', async () => {
    await fill('orders', 2);
    await putAside(own.client, 'later', [{ id: 'a', dueMs: 1000 }]);
    const { code, stdout } = await own.run(['maintain'], { config: config('trim: true, reap: true') });
    expect(code).toBe(0);
    expect(stdout).toContain('maintain: 1 moved, 0 left');
  });

  test('has them off unless somebody switches them on, and takes --only and --skip over the file', async () => {
    await fill();
    expect(await own.run(['maintain', '--yes'], { config: config('') })).toMatchObject({
      code: 0,
      stdout: '',
    });
    const off = await own.run(['maintain', '--yes', '--skip', 'trim'], { config: config('trim: true') });
    expect(off).toMatchObject({ code: 0, stdout: '' });
    await putAside(own.client, 'later', [{ id: 'a', dueMs: 1000 }]);
    const only = await own.run(['maintain', '--yes', '--only', 'trim,claim'], { config: config('') });
    expect(only.stdout).toContain('maintain: 3 trimmed, 0 left');
    expect(await own.client.exists('later')).toBe(0);
  });

  test('of one stream leaves the others alone', async () => {
    await fill('orders');
    await fill('mails');
    const two = config('trim: true', 'orders: { maxLen: 2 }, mails: { maxLen: 2 }');
    await own.run(['maintain', '--yes', '--stream', 'mails'], { config: two });
    expect([await own.client.xlen('orders'), await own.client.xlen('mails')]).toEqual([5, 2]);
  });

  test('looks after the stream of the environment, too', async () => {
    await fill();
    const env = { REDIS_STREAM_NAME: 'orders', REDIS_MAX_LEN: '4' };
    await own.run(['maintain', '--yes', '--only', 'trim'], { env });
    expect(await own.client.xlen('orders')).toBe(4);
  });

  test('changes nothing in a dry run, not even the lock, and shows what each part would do', async () => {
    await fillPending(own.client, 'orders', 'workers', [
      { id: '1-0', consumer: 'dead', deliveries: 3 },
      { id: '2-0', consumer: 'dead' },
    ]);
    await fill('mails');
    await own.client.call('XREADGROUP', 'GROUP', 'workers', 'alive', 'STREAMS', 'orders', '0');
    await putAside(own.client, 'later', [{ id: 'a', dueMs: 1000 }]);
    const before = await dump();
    const all = config(
      'trim: true, claim: true, deadLetter: true, expire: true, reap: true',
      'orders: { group: workers, maxDeliveries: 3 }, mails: { maxLen: 1 }',
    );
    const { code, stdout } = await own.run(['maintain', '--dry-run', '-o', 'json'], { config: all });
    expect(code).toBe(0);
    const { type, items } = JSON.parse(stdout);
    expect(type).toBe('maintain-plan-list');
    expect(items).toMatchObject([
      { task: 'scheduled', stream: 'later', due: 1 },
      { task: 'dead-letters', stream: 'orders', count: 1, deadLetter: 'orders:dead' },
      { task: 'claim', stream: 'orders', count: 1, to: 'alive' },
      { task: 'trim', stream: 'mails', count: 4, failure: null },
    ]);
    expect(await dump()).toEqual(before);
  });

  test('does the other parts where this user may not do one of them, and ends with 8', async () => {
    await fill();
    await fillPending(own.client, 'mails', 'workers', [{ id: '1-0', consumer: 'dead' }]);
    await own.client.call('XREADGROUP', 'GROUP', 'workers', 'alive', 'STREAMS', 'mails', '0');
    await own.client.call('ACL', 'SETUSER', 'cron', 'reset', 'on', '>secret', '~*', '&*', '+@all', '-xtrim');
    const url = own.server.url.replace('redis://', 'redis://cron:secret@');
    const two = config('trim: true, claim: true', 'orders: { maxLen: 2 }, mails: { group: workers }');
    const { code, stdout, stderr } = await own.run(['maintain', '--yes'], { config: two, url });
    expect(code).toBe(8);
    expect(stdout).toMatch(/^trim +orders +- +failed /m);
    expect(stdout).toMatch(/^claim +mails +workers +1 /m);
    expect(stdout).toContain('maintain: 1 claimed, 0 left, 1 failed in');
    expect(stderr).toContain('xtrim');
    expect(await own.client.xlen('orders')).toBe(5);
  });

  test.each([
    [['--only', 'trims'], 'did you mean trim?'],
    [['--skip', 'scheduled,breakers,leftovers'], 'no part of maintenance is on'],
    [['--budget', '0s'], '--budget: expected more than 0s'],
    [['--textfile', '/tmp/metrics.txt'], 'ends in .prom'],
    [['--follow', '--only', 'trim'], 'trim is for cron'],
    [['--follow', '--budget', '1m'], '--budget is about one run'],
  ])('with %j is refused before anything is connected to', async (flags, said) => {
    const { code, stderr } = await own.run(['maintain', ...flags], { url: 'redis://127.0.0.1:1' });
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });
});

describe('maintain that finds another at work', () => {
  test('says who and since when, does nothing, and ends with 10', async () => {
    const since = 1_763_721_600_000;
    const holder = { holder: 'ops1:1', token: 't', kind: 'run', host: 'ops1', by: 'ada', since, fence: 1 };
    await own.client.hset(MAINTAIN_LOCK, { ...holder, reason: 'maintain trim', until: 9_000_000_000_000 });
    const { code, stdout, stderr } = await own.run(['maintain']);
    expect({ code, stdout }).toEqual({ code: 10, stdout: '' });
    expect(stderr).toContain(
      'maintenance is under way: ada@ops1 (maintain trim) since 2025-11-21T10:40:00.000Z',
    );
    expect((await own.run(['maintain', '--only', 'scheduled'])).code).toBe(0);
  });
});

describe('maintain --textfile', () => {
  const file = async () => join(await mkdtemp(join(tmpdir(), 'qctl-textfile-')), 'qctl.prom');

  test('writes what the last run did, as Prometheus reads it, for everybody', async () => {
    await fill();
    const path = await file();
    const text = config(`trim: true, textfile: ${path}`);
    await own.run(['maintain', '--yes'], { config: text });
    const metrics = await readFile(path, 'utf8');
    expect((await stat(path)).mode & 0o777).toBe(0o644);
    for (const line of metrics.trimEnd().split('\n'))
      expect(line).toMatch(
        /^(# (HELP|TYPE) qctl_maintain_\w+ \S.*|qctl_maintain_\w+(\{[^}]*\})? -?[\d.e+-]+)$/,
      );
    expect(metrics).toContain('qctl_maintain_last_run_success 1\n');
    expect(metrics).toContain('qctl_maintain_done{part="trim"} 3\n');
    expect(metrics).toContain('qctl_maintain_forgotten_overrides 0\n');
    expect(metrics).not.toContain('part="claim"');
    const promtool = findPromtool();
    if (promtool)
      expect(spawnSync(promtool, ['check', 'metrics'], { input: metrics, encoding: 'utf8' })).toMatchObject({
        status: 0,
        stdout: '',
      });
  });

  test('tells of a run that failed, also where Redis is away', async () => {
    const path = await file();
    const end = await own.run(['maintain', '--textfile', path], { url: 'redis://127.0.0.1:1' });
    expect(end.code).toBe(7);
    const metrics = await readFile(path, 'utf8');
    expect(metrics).toContain('qctl_maintain_last_run_success 0\n');
    expect(metrics).toContain('qctl_maintain_failures 1\n');
    // Nobody has looked: that is not known.
    expect(metrics).not.toMatch(/forgotten|leftovers|left_streams|done/);
  });

  test('is refused where it could not be written, before anything is done', async () => {
    await fill();
    const flags = ['maintain', '--yes', '--textfile', '/nowhere/qctl.prom'];
    const { code } = await own.run(flags, { config: config('trim: true') });
    expect(code).toBe(1);
    expect(await own.client.xlen('orders')).toBe(5);
  });
});

describe('maintain tells what is left over', () => {
  const HOUR = 3_600_000;
  const drain = async (run: string, seen: number) => {
    const target = { label: 'r', stream: 'orders', partitions: 1 };
    const source = { kind: 'postgres', name: 'jobs', label: 'table jobs' };
    const createdAt = new Date(seen).toISOString();
    const manifest = JSON.stringify({ run, createdAt, source, target, mode: 'move', lanes: 1 });
    await own.client.zadd('qctl:runs', seen, run);
    await own.client.hset(`qctl:run:${run}`, { manifest, state: 'running', seen });
  };
  const cutover = async (run: string, status: object) => {
    const startedAt = new Date(1_763_721_600_000).toISOString();
    const whole = { run, plan: 'move', state: 'running', startedAt, endedAt: null, steps: [], ...status };
    await own.client.zadd('qctl:cutovers', 1, run);
    await own.client.hset(`qctl:{cutover:${run}}`, { status: JSON.stringify(whole), until: 0 });
  };

  test('runs, cutovers, locks and load tests that nobody is at work on, and none that somebody is', async () => {
    const now = Date.now();
    await drain('old', now - 2 * HOUR);
    await drain('young', now - 1000);
    await cutover('dead', {});
    await cutover('over', { state: 'completed', endedAt: new Date(now).toISOString() });
    const byHand = { holder: 'ada', token: 't', kind: 'hand', by: 'ada', host: 'ops1', reason: 'index' };
    await own.client.hset('qctl:lock:cutover:long', { ...byHand, since: now - 25 * HOUR });
    await own.client.hset('qctl:lock:cutover:short', { ...byHand, since: now - HOUR });
    await own.client.xadd('qctl:load:{x}', '*', 'a', 'b');
    await own.client.xadd('qctl:load:{y}', '*', 'a', 'b');
    await own.client.expire('qctl:load:{y}', 100);
    const before = await dump();
    const { code, stdout, stderr } = await own.run(['maintain', '-o', 'ndjson']);
    expect(code).toBe(0);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ kind, name }) => [kind, name])).toEqual([
      ['drain', 'old'],
      ['cutover', 'dead'],
      ['load-test', 'qctl:load:{x}'],
      ['lock', 'long'],
    ]);
    expect(stderr).toContain(
      'drain old (table jobs -> orders) is not at its end, and nobody is at work on it since',
    );
    expect(stderr.split('\n').filter((line) => line.startsWith('qctl: warning: '))).toHaveLength(4);
    const { [MAINTAIN_LOCK]: _, ...after } = await dump();
    expect(after).toEqual(before);
    expect((await own.run(['maintain', '--quiet', '-o', 'ndjson'])).stderr).toBe('');
  });
});
