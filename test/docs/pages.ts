import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Part, World } from './world.ts';

/** What a command of a page comes to, where that is not simply exit code 0. */
export interface Told {
  code?: number | number[];
  /** Something in its output, stdout or stderr. */
  says?: RegExp;
  /** It goes on: stopped when it has said this. */
  until?: RegExp;
  /** Typed on a terminal of so many columns. */
  columns?: number;
  answer?: string;
  /** Further flags, where it would wait for longer than a test should. */
  more?: string[];
  /** Words of it that are others here: an address, a duration. */
  instead?: (world: World) => Record<string, string>;
}

/** What the commands of a page need, and what they come to; `told` is found by a part of the line. */
export interface Page {
  has: Part[];
  before?: (world: World) => Promise<unknown>;
  /** Words that stand for something on the page. */
  placeholders?: (world: World) => Record<string, string> | Promise<Record<string, string>>;
  told?: Record<string, Told>;
}

let run = '';
let last = '';
let webhook = '';

/** Asked on a terminal, and answered. */
const YES = { columns: 100, answer: 'yes' } as const;
/** An empty queue is believed to be so at once. */
const SOON = ['--wait', '1s', '--settle', '100ms'];
const QUEUE = 'https://sqs.us-east-1.amazonaws.com/123456789012/webhooks';

/** The pages of docs/ that show commands. */
export const PAGES: Record<string, Page> = {
  'alerts.md': { has: ['orders'] },
  'analyse.md': {
    has: ['alerts', 'webhooks', 'orders', 'files'],
    told: {
      '--postgres-url': { instead: ({ env }) => ({ 'postgres://app@db/shop': env.DATABASE_URL! }) },
      '--queue-url': { instead: ({ env }) => ({ [QUEUE]: env.SQS_QUEUE_URL! }) },
    },
  },
  'archive.md': { has: ['webhooks'], told: { 'drain sqs': { more: SOON } } },
  'brakes.md': {
    has: ['alerts', 'webhooks'],
    before: drainedInPart,
    placeholders: () => ({ RUN: run }),
    // Redis has no maxmemory here, of which 80 % could be taken.
    told: { 'drain postgres alerts': { says: /converged/, instead: () => ({ '80%': '1GB' }) } },
  },
  'breakers.md': {
    has: [],
    told: {
      'breaker test': { says: /^failureThreshold=50 +\+2m/m },
      'payments:*': { code: 3, says: /no circuit breaker of pybreaker matches/ },
    },
  },
  'checks.md': {
    has: ['orders', 'deadLetters', 'alerts', 'webhooks', 'huge'],
    placeholders: ({ env }) => ({ '…': env.SQS_QUEUE_URL! }),
    told: {
      'check pending': { code: 1, says: /stuck 312/ },
      'check dlq orders': {},
      'check dlq': { code: 1, says: /dead letters 14/ },
      'redis://127.0.0.1:1': { code: 2, says: /nothing listens there/ },
    },
  },
  'completion.md': { has: [], told: { 'completion install': {} } },
  'compare.md': { has: ['results'] },
  'cutover.md': {
    has: ['alerts', 'files'],
    told: {
      // A plan to be filled in: the next commands take one that is.
      'cutover init': { instead: () => ({ 'night.yaml': 'begin.yaml' }) },
      'cutover plan': { instead: filled },
      '--dry-run': { instead: filled },
      '--rehearse': { instead: filled },
      'cutover run': { ...YES, instead: filled },
      '--watch': { code: 130, until: /completed/ },
      rollback: { ...YES, code: 12 },
    },
  },
  'dead-letters.md': {
    has: ['orders', 'deadLetters'],
    before: async ({ redis }) => {
      last = (await redis.xrevrange('orders:dead', '+', '-', 'COUNT', 1))[0]![0];
    },
    placeholders: () => ({ '1795262758466-13': last }),
    told: {
      'dlq replay': { ...YES, says: /nothing|replayed/ },
      'dlq purge': { columns: 100, answer: 'orders:dead' },
    },
  },
  'drain-celery.md': {
    has: ['tasks'],
    placeholders: ({ env }) => ({ $CELERY_BROKER_URL: env.CELERY_BROKER_URL! }),
    told: { 'drain celery reports --types': { says: /converged|nothing/ } },
  },
  'drain-postgres.md': { has: ['alerts'], told: { '--mode copy': { says: /digest .* on both sides/ } } },
  'drain-sqs.md': { has: ['webhooks'], told: { '--yes': { more: SOON } } },
  'first-drain.md': {
    has: ['outbox'],
    before: ({ run: qctl }) => qctl(['init', '--from-env', '--yes', '--merge']),
    placeholders: async ({ run: qctl }) => ({ RUN: await newestRun(qctl) }),
    told: {
      // The dialogue is played in a terminal elsewhere, and has written what the next commands take.
      'qctl init': {
        columns: 100,
        more: ['--out', 'asked.yaml', '--no-ports'],
        code: 130,
        until: /REDIS_URL/,
      },
      analyse: { says: /GROUP_MISSING/ },
      '--dry-run': {},
      'drain postgres notification_outbox --create-group workers': { ...YES, says: /converged/ },
      'stream tail': { says: /body/ },
      verify: { says: /converged/ },
    },
  },
  'formats.md': { has: ['jobs'] },
  'init.md': {
    has: ['alerts'],
    told: {
      // Beside the file that stands there already; the dialogue is played in a terminal elsewhere.
      '--from-env': { more: ['--out', 'made.yaml', '--no-ports'], says: /made\.yaml/ },
      '--dry-run': { more: ['--out', 'other.yaml', '--no-ports'] },
      'qctl init': {
        columns: 100,
        more: ['--out', 'asked.yaml', '--no-ports'],
        code: 130,
        until: /REDIS_URL/,
      },
    },
  },
  'load.md': {
    has: ['files'],
    before: async () => {
      webhook = await listening();
    },
    placeholders: () => ({
      'http://127.0.0.1:8080/webhook': webhook,
      // Played whole where it stands.
      'examples/opsconductor/load-all.yaml': 'profile.yaml',
      // Small enough that a busy machine does not spoil it, which would have it done once more.
      ...{
        '10000': '100',
        '30s': '500ms',
        '1m': '500ms',
        '20000/s': '100/s',
        '1000/s': '200/s',
        '500/s': '50/s',
      },
    }),
    told: {
      'load find-max': { more: ['--step-duration', '500ms', '--hold', '500ms'], code: [0, 99] },
      'load compare': { says: /p99 > \+10%/, code: [0, 8, 99] },
    },
  },
  'maintain.md': { has: ['orders'] },
  'routing.md': { has: ['files'], told: { watch: { code: 130, until: /version/ } } },
  'runs.md': {
    has: ['alerts'],
    before: async ({ run: qctl }) => {
      run = JSON.parse((await qctl(['drain', 'postgres', 'alerts', '--yes', '-o', 'json'])).stdout).run;
    },
    placeholders: () => ({ RUN: run }),
    told: { verify: { says: /converged/ } },
  },
  'runbook.md': {
    has: ['alerts', 'files', 'orders'],
    before: ({ run: qctl }) => qctl(['group', 'create', 'alerts', 'alerters', '--create-stream']),
    placeholders: filled,
    told: {
      rollback: { code: [0, 12] },
    },
  },
  'scale.md': {
    has: ['alerts', 'webhooks'],
    before: (world) => drainedInPart(world, ['--partitions', '12']),
    placeholders: () => ({ RUN: run }),
    told: {
      'drain sqs': { more: SOON },
    },
  },
  'scheduled.md': {
    has: ['orders', 'due'],
    told: { '--follow': { code: 130, until: /moved|due/ }, '--stream orders': YES },
  },
  'serve.md': {
    has: ['orders', 'files', 'audit'],
    told: {
      'qctl serve': { code: 130, until: /serving at/, instead: () => ({ '0.0.0.0:8090': '127.0.0.1:0' }) },
    },
  },
  'streams.md': { has: ['orders'], told: { trim: YES } },
  'stuck-messages.md': { has: ['orders'], told: { claim: YES, reap: YES } },
  'top.md': { has: ['orders'], told: { '--once': {}, 'qctl top': { ...YES, code: 130, until: /orders/ } } },
  'way-back.md': {
    has: ['alerts'],
    before: ({ run: qctl }) => qctl(['drain', 'postgres', 'alerts', '--create-group', 'alerters', '--yes']),
  },
};

function filled(): Record<string, string> {
  return { 'night.yaml': 'cutover.yaml' };
}

/** Leaves a run that is known, and whose settings can be changed. */
async function drainedInPart({ run: qctl }: World, flags: string[] = []): Promise<void> {
  const line = ['drain', 'sqs', 'webhooks', '--limit', '5', '--yes', '-o', 'json', ...flags];
  const { stdout } = await qctl(line);
  run = JSON.parse(stdout).run;
}

async function newestRun(qctl: World['run']): Promise<string> {
  const { stdout } = await qctl(['drain', 'list', '--limit', '1', '-o', 'json']);
  return JSON.parse(stdout).items[0]?.run ?? '';
}

/** A webhook that takes everything; ends with the process of the tests. */
async function listening(): Promise<string> {
  const server = createServer((request, response) => request.resume().on('end', () => response.end()));
  await once(server.listen(0, '127.0.0.1').unref(), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
}
