import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import { publish } from '../services/events.mjs';
import { DEAD_LETTERS, GROUP, streamOf } from './names.ts';
import type { Team } from './team.ts';

const MAIL = streamOf('communication');
const CRITICAL = 4;
const LOW = 8;
const MALFORMED = 2;
const FLAKY = 10;
const DEAD = CRITICAL + LOW + MALFORMED;

/** What failed for good, for the proof. */
export interface GivenUp {
  /** Ids of events in the file that was exported. */
  exported: string[];
}

/** A gateway is down: events are retried, and become dead letters. */
export async function fail({ figures }: Stage, { redis, books }: Team): Promise<void> {
  heading('Retries, and dead letters of what fails again and again');
  await redis.set('gateway:mail', 'down');
  print(
    'The mail gateway is down. Published: alerts and mails, two events that nobody can read, ten that fail once.',
  );
  const mail = (type: string, priority: string) => ({
    stream: MAIL,
    service: 'communication',
    type,
    priority,
    data: { mail: true },
  });
  await Promise.all([
    ...Array.from({ length: LOW }, () => publish(redis, mail('email_sent', 'LOW'))),
    ...Array.from({ length: CRITICAL }, () => publish(redis, mail('alert_triggered', 'CRITICAL'))),
    ...Array.from({ length: MALFORMED }, () =>
      publish(redis, {
        stream: MAIL,
        service: 'communication',
        type: 'email_sent',
        data: { malformed: true },
      }),
    ),
    ...Array.from({ length: FLAKY }, () =>
      publish(redis, {
        stream: streamOf('network'),
        service: 'network',
        type: 'network_scan_completed',
        data: { flaky: true },
      }),
    ),
  ]);
  await waitFor(async () => (await stuck(redis)) === DEAD, { what: `${DEAD} events delivered three times` });
  const worked = await waitFor(async () => {
    const own = (await books.worked()).filter(({ stream }) => stream === streamOf('network'));
    return own.length === FLAKY ? own : undefined;
  });
  figures.held(
    'events that failed once and succeeded at their second delivery',
    worked.filter(({ deliveries }) => deliveries === 2).length,
    {
      wanted: `${FLAKY}`,
      holds: worked.every(({ deliveries }) => deliveries === 2),
    },
  );
}

/** Entries that were delivered as often as they may be; asked without qctl. */
async function stuck(redis: Team['redis']): Promise<number> {
  const rows = (await redis.xpending(MAIL, GROUP, '-', '+', 100)) as [string, string, number, number][];
  return rows.filter(([, , idle, deliveries]) => deliveries === 3 && idle > 300).length;
}

/** Maintenance makes dead letters of them, as from cron. */
export async function die({ figures }: Stage, { terminal, redis }: Team): Promise<void> {
  heading('Maintenance from cron makes dead letters of them');
  await terminal.run(['maintain', '--yes']);
  const dead = await redis.xlen(DEAD_LETTERS);
  const [pending] = await redis.xpending(MAIL, GROUP);
  figures.held('dead letters after three deliveries, and pending', `${dead}, ${pending}`, {
    wanted: `${DEAD}, 0`,
    holds: dead === DEAD && Number(pending) === 0,
  });
  await terminal.run(['dlq', 'ls']);
}

/** The gateway is back: the critical ones first, then the others; what nobody can read is kept in a file. */
export async function replay({ figures, folder }: Stage, { terminal, redis, books }: Team): Promise<GivenUp> {
  heading('The gateway is back: replay, the critical ones first');
  await redis.del('gateway:mail');
  await terminal.run(['dlq', 'replay', MAIL, '--priority', 'CRITICAL', '--yes', '--quiet']);
  const back = await workedAgain(books, CRITICAL);
  await terminal.runBriefly(
    ['dlq', 'replay', MAIL, '--priority', 'LOW', '--rate', '100/s', '--yes', '--quiet'],
    /^replayed|^left/,
  );
  const all = await workedAgain(books, CRITICAL + LOW);
  figures.held('replayed and worked on; first those of CRITICAL', `${all.length}; ${back.length}`, {
    wanted: `${CRITICAL + LOW}; ${CRITICAL}, each once, retry_count 1`,
    holds:
      back.every(({ priority }) => priority === 'CRITICAL') &&
      new Set(all.map(({ event }) => event)).size === all.length,
  });
  const { stdout } = await terminal.runBriefly(
    ['dlq', 'export', MAIL, '--out-file', 'unreadable.ndjson'],
    /./,
  );
  const upTo = /--until (\S+)/.exec(stdout)![1]!;
  await terminal.run(['dlq', 'purge', MAIL, '--until', upTo, '--yes', '--quiet']);
  const lines = (await readFile(join(folder, 'unreadable.ndjson'), 'utf8')).trim().split('\n');
  const exported = lines.map((line) => eventOf(JSON.parse(line)));
  const left = await redis.xlen(DEAD_LETTERS);
  figures.held('kept in a file and purged, left', `${exported.length}, ${left}`, {
    wanted: `${MALFORMED}, 0`,
    holds: exported.length === MALFORMED && left === 0,
  });
  return { exported };
}

async function workedAgain(books: Team['books'], count: number) {
  return waitFor(
    async () => {
      const own = (await books.worked()).filter(({ stream, retries }) => stream === MAIL && retries === 1);
      return own.length === count ? own : undefined;
    },
    { what: `${count} replayed events worked on` },
  );
}

/** The id of the event stands in the original `data`. */
function eventOf(line: unknown): string {
  return /\\"event\\":\\"([\w-]+)\\"/.exec(JSON.stringify(line))![1]!;
}
