import { beforeEach, expect, test } from 'vitest';
import { formatReport as formatDrainReport } from '../../commands/drain/format-report.ts';
import { formatReport as formatLoadReport } from '../../commands/load/format-report.ts';
import type { Output } from '../../commands/term/io.ts';
import { printable, visibleWidth } from '../../commands/term/text.ts';
import type { DrainReport } from '../../src/drain/index.ts';
import { madeRun } from '../load/results.ts';
import { memoryIo } from './memory-io.ts';
import { useOwnRedis } from './own-redis.ts';

const WIDTHS = [60, 80, 200];
const LONG = 'orders-of-the-european-warehouses-for-the-night-shift-2026-1';
const WIDE = '注文イベントの夜間処理用キューの名前はとても長いので切れます';
const EVIL = 'evil\x1b[2Jname\twith\ncontrols';
const NAMES = [LONG, WIDE, EVIL];
const REASON =
  'the database of the warehouse was rebuilt over night, and nobody knows yet whether its replicas have caught up with it';

const redis = useOwnRedis();

const MANIFEST = {
  createdAt: '2026-11-21T09:04:46.000Z',
  startedBy: 'ann@a-host-with-a-long-name.warehouse.example.com',
  sourceIdentity: 'postgres:shop/public.alerts',
  source: {
    kind: 'postgres',
    name: 'alerts',
    label: `postgres://db.internal.example.com/shop public.${LONG}`,
  },
  target: { label: 'redis://there', stream: LONG, partitions: 1 },
  ...{ mode: 'move', lanes: 1, context: {}, spec: null, fields: null },
};

beforeEach(async () => {
  const { client } = redis;
  for (const [at, name] of NAMES.entries()) {
    for (let i = 0; i < 5; i += 1)
      await client.xadd(name, `${1_763_000_000_000 + i}-0`, 'body', REASON, 'type', name);
    await client.xgroup('CREATE', name, `${name}-workers`, '0');
    await client.xreadgroup('GROUP', `${name}-workers`, `${name}-1`, 'COUNT', 3, 'STREAMS', name, '>');
    const dead = {
      reason: REASON,
      stream: name,
      group: `${name}-workers`,
      id: '1763000000000-0',
      deliveries: '4',
    };
    const fields = Object.entries(dead).flatMap(([field, value]) => [`qctl.${field}`, value]);
    await client.xadd(`${name}:dead`, '*', 'body', 'x', 'type', LONG, ...fields);
    await client.zadd('qctl:runs', at, `${LONG}-${at}`);
    const manifest = JSON.stringify({ ...MANIFEST, run: `${LONG}-${at}`, ledgerRun: `${LONG}-${at}` });
    await client.hset(`qctl:run:${LONG}-${at}`, { manifest, state: 'running' });
  }
  await redis.run(['breaker', 'trip', LONG, '--create', '--reason', REASON, '--yes']);
  await redis.run(['breaker', 'hold', 'open', `${LONG}-2`, '--create', '--reason', REASON, '--yes']);
  for (const percent of ['10', '25'])
    await redis.run([
      'route',
      'set',
      LONG,
      '--percent',
      percent,
      '--type',
      `${LONG}=new`,
      '--reason',
      REASON,
    ]);
});

/** A command, a remedy or what stands in a message: the terminal breaks it, so that it can be copied as one. */
const IS_COPIED = /^ {2}(?:->|body:|type:)|^note .*: qctl /;

/** What is wrong with a text on a terminal: a line that is too wide, or anything that steers it. */
function faults(text: string, columns: number): string[] {
  const wide = text.split('\n').filter((line) => visibleWidth(line) > columns && !IS_COPIED.test(line));
  const steering = text.split('\n').filter((line) => /[\x00-\x1f\x7f]/.test(line));
  return [
    ...wide.map((line) => `wide: ${line}`),
    ...steering.map((line) => `steers: ${JSON.stringify(line)}`),
  ];
}

/** Whether a name is there as a whole, or whoever reads sees that it was cut. */
const isThere = (text: string, name: string) => {
  const flat = text.replaceAll(/\s+/g, '');
  return flat.includes(printable(name).replaceAll(/\s+/g, '')) || text.includes('…');
};

const group = (name: string) => `${name}-workers`;
const LINES: [line: string[], names: string[]][] = [
  [['stream', 'ls'], NAMES],
  ...NAMES.flatMap((name): [string[], string[]][] => [
    [
      ['stream', 'info', name],
      [name, group(name), `${name}-1`],
    ],
    [
      ['group', 'ls', name],
      [name, group(name)],
    ],
    [['consumer', 'ls', name], [`${name}-1`]],
    [['pending', name, group(name)], [`${name}-1`]],
    [['pending', name, group(name), '--bodies'], [`${name}-1`]],
    [['claim', name, group(name), '--min-idle', '0s', '--to', `${name}-1`, '--dry-run'], [group(name)]],
    [
      [
        'consumer',
        'reap',
        name,
        group(name),
        '--min-idle',
        '0s',
        '--to',
        'new',
        '--create-consumer',
        '--dry-run',
      ],
      [],
    ],
    [['stream', 'trim', name, '--max-len', '1', '--force', '--dry-run'], [name]],
    [['group', 'reset', name, group(name), '--to', 'start', '--dry-run'], [group(name)]],
    [['group', 'delete', name, group(name), '--force', '--dry-run'], [group(name)]],
    [['dlq', 'ls', name], [name]],
    [['dlq', 'show', name], []],
    [['dlq', 'replay', name, '--all', '--dry-run'], [name]],
    [['dlq', 'purge', name, '--all', '--dry-run'], [name]],
  ]),
  [['drain', 'list'], [`${LONG}-0`]],
  [
    ['drain', 'status', `${LONG}-1`],
    [`${LONG}-1`, MANIFEST.source.label],
  ],
  [
    ['breaker', 'list'],
    [LONG, REASON],
  ],
  [
    ['breaker', 'show', LONG],
    [LONG, REASON],
  ],
  [
    ['breaker', 'history'],
    [LONG, REASON],
  ],
  [['route', 'show'], [LONG]],
  [['route', 'history', LONG], [REASON]],
  [['maintain', '--dry-run'], []],
  [['config', 'show'], []],
  [['config', 'profiles'], []],
];

test.each(WIDTHS)(
  'tables of long, wide and hostile names keep to %i columns, and cut nothing silently',
  async (columns) => {
    const found: string[] = [];
    for (const [argv, names] of LINES) {
      const { code, stdout, stderr } = await redis.run(argv, { columns });
      const shown = argv.map(printable).join(' ');
      const text = `${stdout}${stderr}`;
      if (code !== 0) found.push(`${shown}: ${code} ${stderr}`);
      found.push(...faults(stdout, columns).map((fault) => `${shown}: ${fault}`));
      found.push(
        ...names.filter((name) => !isThere(text, name)).map((name) => `${shown}: lacks ${printable(name)}`),
      );
    }
    expect(found).toEqual([]);
  },
);

const REPORT: DrainReport = {
  type: 'report',
  ...{ run: `${LONG}-20261121-081530-4f2a`, state: 'done', mode: 'move' },
  ...{ source: MANIFEST.source.label, target: 'redis://there', stream: EVIL, partitions: 1, ending: null },
  ...{
    elapsedMs: 61_000,
    ratePerSecond: 205_761,
    readByThisProcess: 12_345_678,
    workMs: 60_000,
    read: 12_345_678,
    appended: 12_345_678,
    settled: 12_345_678,
  },
  ...{ duplicatesSuppressed: 3, quarantined: 2, reappended: 1, scheduled: 4, waiting: 1 },
  ...{ nextDueAt: null, lastDueAt: null, open: 0, remaining: 7, inFlight: 1, delayed: 2, unmatched: 3 },
  ...{ unevaluated: null, entries: 12_345_670, gone: 8, digest: null, sourceChanges: [], passedOver: null },
  differing: {
    ...{ missing: NAMES, missingCount: 3, doubled: [LONG], doubledCount: 70 },
    ...{ unexpected: [], unexpectedCount: 0, altered: [], alteredCount: 0 },
  } as DrainReport['differing'],
  ...{ receivers: null, converged: false, problems: [REASON, `${EVIL} is missing`], notes: [REASON, EVIL] },
  ...{
    quarantineStreams: [`${WIDE}:quarantine`],
    archive: null,
    paused: null,
    stopped: null,
    handover: null,
  },
};

const reports: [what: string, render: (output: Output) => string, names: string[]][] = [
  ['drain report', (output) => formatDrainReport(output, REPORT), [...NAMES, REASON, '12,345,678']],
  [
    'load report',
    (output) =>
      formatLoadReport(
        output,
        [1, 2].map((n) =>
          madeRun({ run: `r${n}`, over: { name: LONG, verdict: 'failed', reasons: [REASON, EVIL] } }),
        ),
        true,
      ),
    [LONG, REASON],
  ],
];

test.each(reports)('%s keeps to the terminal, with every name and reason', (_, render, names) => {
  for (const columns of WIDTHS) {
    const text = render(memoryIo({ columns }).stdout);
    expect(faults(text, columns)).toEqual([]);
    expect(names.filter((name) => !isThere(text, name))).toEqual([]);
  }
});
