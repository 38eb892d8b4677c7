import { randomBytes } from 'node:crypto';
import { type RedisConnection, runScript, toTargetError } from '../backends/redis/index.ts';
import { claimPage } from '../backends/redis/scripts/claim-page.ts';
import { isQctlError, type QctlError } from '../errors.ts';
import { streamKeys } from '../model/keys.ts';
import { Interrupted } from '../model/patience.ts';
import { compareStreamIds } from '../model/stream-id.ts';
import { refusedReply } from './refused-reply.ts';
import { page, type Work } from './work.ts';

/** Which pending entries are taken over, by whom, and which become dead letters instead. */
export interface ClaimRequest {
  stream: string;
  group: string;
  to: string;
  /** Entries that were delivered more lately than this are left alone. */
  minIdleMs: number;
  /** These alone. */
  ids?: readonly string[];
  /** Of this consumer alone. */
  from?: string;
  /** An entry delivered so often becomes a dead letter; without it none does. */
  maxDeliveries?: number;
  /** Makes dead letters and claims nothing; needs {@link ClaimRequest.maxDeliveries}. */
  deadLettersOnly?: boolean;
  deadLetter: string;
  reason: string;
  /** Stops as soon as {@link ClaimRequest.from} has been seen more lately than this. */
  ownerIdleMs?: number;
  /** True before Redis 7.0, which does not tell entries that are gone. */
  legacy: boolean;
}

/** What a page did to an entry. */
export type ClaimOutcome = 'claimed' | 'dead-lettered' | 'removed' | 'kept';

/** What {@link claimPending} has done. */
export interface ClaimReport {
  stream: string;
  group: string;
  /** Null where nobody was needed. */
  to: string | null;
  claimed: number;
  deadLettered: number;
  /** Where they went; null where none did. */
  deadLetter: string | null;
  /** Their messages had been trimmed or deleted; they left the pending entries list. */
  removed: number;
  /** The first 1,000 of them. */
  removedIds: string[];
  /** Should have become dead letters and have too many fields for a script: still pending. */
  kept: number;
  keptIds: string[];
  /** Delivered too lately; null where Redis passed over them without counting: none of owner, ids and deliveries asked for. */
  tooYoung: number | null;
  /** Of the ids asked for: acknowledged by now, or never delivered. */
  notPending: number;
  /** True where the operator stopped it, or the owner came back, before the end. */
  stopped: boolean;
  /** The owner was seen again. */
  ownerAlive: boolean;
  /** What ended it early; null where nothing did. Thrown by whoever prints the report. */
  failure: QctlError | null;
}

/** How {@link claimPending} tells what it does. */
export interface ClaimEvents {
  /** After each page. */
  progress?(report: Readonly<ClaimReport>): void;
  /** For each entry; asking for it makes pages a little slower. */
  entry?(outcome: ClaimOutcome, id: string): void;
  /** Awaited after each page, so that whoever writes the entries down is not overrun. */
  written?(): Promise<void>;
}

const PAGE = 1000;
/** Chosen ids that may become dead letters: few at once, as each may be large. */
const IDS_PAGE = 50;
const MOST_DEAD_BYTES = 2_000_000;
const MOST_NAMED = 1000;

type PageReply = [
  cursor: string,
  claimed: number,
  dead: number,
  removed: number,
  wide: number,
  young: number,
  absent: number,
  trouble: string,
  claimedIds: string[],
  deadIds: string[],
  removedIds: string[],
  wideIds: string[],
];

/**
 * Takes over pending entries page by page. Delivery counts stay as they are. Each page is one step in
 * Redis, and one that has to be sent again is not done twice: the counts are exact. Memory stays the
 * same however many are pending. Never throws for what happened on the way: see {@link ClaimReport.failure}.
 */
export async function claimPending(
  redis: RedisConnection,
  request: ClaimRequest,
  work: Work,
  events: ClaimEvents = {},
): Promise<ClaimReport> {
  const report = nothingClaimed(request);
  const keys = streamKeys(request.stream);
  const operation = keys.operation(randomBytes(8).toString('hex'));
  // A key that is not needed may lie in another slot of a cluster.
  const deadLetter = request.maxDeliveries === undefined ? request.stream : request.deadLetter;
  const send = async (number: number, cursor: string, ids: readonly string[]): Promise<string> => {
    const args = argsOf(request, number, cursor, events.entry !== undefined);
    const reply = (await page(redis, work, `claim from ${request.stream} ${request.group}`, () =>
      runScript(redis.client, claimPage, [request.stream, deadLetter, operation], [...args, ...ids]),
    )) as PageReply;
    add(redis, report, reply, events);
    await events.written?.();
    return reply[0];
  };
  try {
    await (request.ids ? sendIds(request.ids, report, work, send) : sendAll(report, work, send));
    await redis.client.del(operation).catch(() => 0);
  } catch (error) {
    if (error instanceof Interrupted) report.stopped = true;
    else
      report.failure = isQctlError(error)
        ? error
        : toTargetError(error, redis.label, `claim from ${request.stream}`);
  }
  return report;
}

type Send = (number: number, cursor: string, ids: readonly string[]) => Promise<string>;

async function sendAll(report: ClaimReport, work: Work, send: Send): Promise<void> {
  let cursor = '-';
  for (let number = 1; cursor !== '' && !report.failure && !report.ownerAlive; number += 1) {
    if (work.signal.aborted) throw new Interrupted();
    cursor = await send(number, cursor, []);
  }
}

async function sendIds(ids: readonly string[], report: ClaimReport, work: Work, send: Send): Promise<void> {
  const chosen = [...new Set(ids)];
  for (let at = 0; at < chosen.length && !report.failure; at += IDS_PAGE) {
    if (work.signal.aborted) throw new Interrupted();
    await send(at + 1, '-', chosen.slice(at, at + IDS_PAGE));
  }
}

function argsOf(request: ClaimRequest, number: number, cursor: string, names: boolean): (string | number)[] {
  const { group, to, minIdleMs, from = '', maxDeliveries = 0, reason, legacy, ownerIdleMs = 0 } = request;
  const { deadLettersOnly } = request;
  const flags = [legacy ? '1' : '', names ? '1' : ''];
  return [
    number,
    group,
    to,
    minIdleMs,
    cursor,
    PAGE,
    from,
    maxDeliveries,
    reason,
    MOST_DEAD_BYTES,
    ...flags,
    ownerIdleMs,
    deadLettersOnly ? '1' : '',
  ];
}

function add(redis: RedisConnection, report: ClaimReport, reply: PageReply, events: ClaimEvents): void {
  const [, claimed, dead, removed, wide, young, absent, trouble, claimedIds, deadIds, goneIds, wideIds] =
    reply;
  // Redis tells of some when it claims and of others when it looks.
  const removedIds = goneIds.sort(compareStreamIds);
  report.claimed += claimed;
  report.deadLettered += dead;
  report.removed += removed;
  report.kept += wide;
  if (report.tooYoung !== null) report.tooYoung += young;
  report.notPending += absent;
  report.removedIds.push(...removedIds.slice(0, MOST_NAMED - report.removedIds.length));
  report.keptIds.push(...wideIds.slice(0, MOST_NAMED - report.keptIds.length));
  if (trouble === 'alive') report.ownerAlive = true;
  else if (trouble !== '')
    report.failure = refusedReply(redis, `append to dead-letter stream ${report.deadLetter}`, trouble);
  for (const id of claimedIds) events.entry?.('claimed', id);
  for (const id of deadIds) events.entry?.('dead-lettered', id);
  for (const id of removedIds) events.entry?.('removed', id);
  for (const id of wideIds) events.entry?.('kept', id);
  events.progress?.(report);
}

/** The report of a claim that has found nothing yet. */
export function nothingClaimed(request: ClaimRequest): ClaimReport {
  const { stream, group, to, maxDeliveries, deadLetter, ids, from, legacy } = request;
  const counted = ids !== undefined || from !== undefined || maxDeliveries !== undefined || legacy;
  return {
    stream,
    group,
    to,
    claimed: 0,
    deadLettered: 0,
    deadLetter: maxDeliveries === undefined ? null : deadLetter,
    removed: 0,
    removedIds: [],
    kept: 0,
    keptIds: [],
    tooYoung: counted ? 0 : null,
    notPending: 0,
    stopped: false,
    ownerAlive: false,
    failure: null,
  };
}
