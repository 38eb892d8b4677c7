import { connectRedis, type RedisConnection, redisFacts } from '../../backends/redis/index.ts';
import type { StreamConfig } from '../../config/schema.ts';
import { QctlError } from '../../errors.ts';
import type { Finding } from '../../model/finding.ts';
import { runKey } from '../../model/keys.ts';
import { plural } from '../../model/plural.ts';
import type { Durability } from '../../sinks/durability.ts';
import { requireWritable } from '../../streams/index.ts';
import { chooseDurability } from '../durability-check.ts';
import { attachBack, type BackAttachment } from './attach.ts';
import { besideFindings } from './beside.ts';
import { consumerFindings } from './consumers-check.ts';
import type { Destination } from './destination.ts';
import { forwardFindings } from './forward.ts';
import { type GroupLook, lookAtGroup } from './look.ts';
import { PostgresDestination } from './postgres/destination.ts';
import type { BackRequest } from './request.ts';
import { sampleEntries } from './sample.ts';
import { SqsDestination } from './sqs/destination.ts';
import { backError } from './translate.ts';

/** What a way back would do and what speaks against it; plain data, made without changing anything. */
export interface BackPlan {
  type: 'plan';
  run: string;
  kind: BackAttachment['kind'];
  mode: 'back';
  /** The stream and its group. */
  source: string;
  /** Where the messages go. */
  target: string;
  stream: string;
  partitions: number;
  group: string;
  from: string | null;
  /** Delivered and not acknowledged, from `from` on. */
  pending: number;
  /** Not yet delivered, from `from` on; null: more than was counted. */
  undelivered: number | null;
  /** Not due yet: they wait beside the stream and go back with their time, unless `from` is given. */
  waiting: number;
  /** Delivered and acknowledged: they do not go back. Null: more than was counted. */
  finished: number | null;
  /** Before `from`: they do not go back. */
  before: { pending: number; undelivered: number | null };
  /** Of the entries looked at, how many are messages. */
  sample: { looked: number; recognised: number };
  durability: string;
  /** How a message gets to its place: exactly once, or at least once. */
  promise: string;
  findings: Finding[];
}

/** Both ends connected and looked at. */
export interface OpenBack {
  request: BackRequest;
  redis: RedisConnection;
  destination: Destination;
  attachment: BackAttachment;
  look: GroupLook;
  durability: Durability;
  plan: BackPlan;
  close(): Promise<void>;
}

/**
 * Connects to both ends, looks at the group and tries a few messages. Changes nothing anywhere.
 *
 * @param streams conventions of the configuration, for the names of dead-letter streams
 */
export async function openBack(
  request: BackRequest,
  streams: Record<string, StreamConfig>,
  now: Date,
): Promise<OpenBack> {
  const redis = await connectRedis(request.source.connection);
  let destination: Destination | undefined;
  const close = async (): Promise<void> => {
    await destination?.close();
    await redis.close();
  };
  try {
    const look = await lookAtGroup(redis, request.source);
    destination = await openDestination(request);
    return {
      request,
      redis,
      destination,
      look,
      close,
      ...(await judge(request, redis, destination, look, streams, now)),
    };
  } catch (error) {
    await close();
    throw backError(error, request, {
      redis: redis.label,
      destination: destination?.label ?? request.target.name,
    });
  }
}

function openDestination({ target, settings }: BackRequest): Promise<Destination> {
  return target.kind === 'postgres'
    ? PostgresDestination.open(target)
    : SqsDestination.open(target, settings.workers);
}

async function judge(
  request: BackRequest,
  redis: RedisConnection,
  destination: Destination,
  look: GroupLook,
  streams: Record<string, StreamConfig>,
  now: Date,
): Promise<{ attachment: BackAttachment; durability: Durability; plan: BackPlan }> {
  await checkRights(redis, request, look);
  const ends = { redisLabel: redis.label, destination: { ...destination, ledger: ledgerOf(destination) } };
  const attachment = await attachBack(redis.client, request, ends, now);
  const sample = await sampleEntries(redis, request, look.streams);
  const findings = [
    ...destination.findings,
    ...sample.findings,
    ...(await destination.trial(sample.items.slice(0, 20))).findings,
    ...(await consumerFindings(redis, look, request.settings)),
    ...(await forwardFindings(redis.client, destination.identity)),
    ...(await besideFindings(redis, look, streams, request.settings)),
    ...beforeFindings(request, look),
  ];
  const durability = chooseDurability(request.settings.durability, await redisFacts(redis), findings);
  const looked = { looked: sample.looked, recognised: sample.items.length };
  const plan = planOf(request, attachment, destination, look, looked, findings);
  return { attachment, durability, plan };
}

function planOf(
  request: BackRequest,
  { kind, manifest }: BackAttachment,
  destination: Destination,
  look: GroupLook,
  sample: BackPlan['sample'],
  findings: Finding[],
): BackPlan {
  const { undelivered, undeliveredBefore } = look;
  return {
    type: 'plan',
    run: manifest.run,
    kind,
    mode: 'back',
    source: manifest.source.label,
    target: destination.label,
    stream: manifest.target.stream,
    partitions: manifest.target.partitions,
    group: request.source.group,
    from: request.source.from ?? null,
    pending: look.pending - look.pendingBefore,
    undelivered: undelivered === null || undeliveredBefore === null ? null : undelivered - undeliveredBefore,
    waiting: look.waiting,
    finished: look.finished,
    before: { pending: look.pendingBefore, undelivered: undeliveredBefore },
    sample,
    durability: request.settings.durability,
    promise: destination.promise,
    findings,
  };
}

function ledgerOf(destination: Destination): string | null {
  return destination instanceof PostgresDestination ? destination.ledger.name : null;
}

function beforeFindings({ source: { from } }: BackRequest, look: GroupLook): Finding[] {
  if (from === undefined || look.undeliveredBefore === 0) return [];
  const count = look.undeliveredBefore ?? 'more than a million';
  return [
    {
      level: 'warning',
      code: 'UNDELIVERED_BEFORE',
      text: `${count} ${plural(count, 'entry')} before ${from} ${plural(count, 'has')} not been delivered, and ${plural(count, 'is')} set aside to reach those behind: pending with a consumer of this run`,
      remedy: 'leave out --from where they should go back as well',
    },
  ];
}

async function checkRights(
  redis: RedisConnection,
  { source: { group } }: BackRequest,
  look: GroupLook,
): Promise<void> {
  const [stream] = look.streams;
  await requireWritable(redis, `give back the entries of ${stream}`, [
    { command: 'XREADGROUP', args: ['GROUP', group, 'qctl', 'STREAMS', stream!, '>'] },
    { command: 'XCLAIM', args: [stream!, group, 'qctl', '0', '1-1', 'JUSTID'] },
    { command: 'XACK', args: [stream!, group, '1-1'] },
    { command: 'XPENDING', args: [stream!, group, '-', '+', '1'] },
    { command: 'EVALSHA', args: ['0'.repeat(40), '1', stream!] },
    { command: 'HSET', args: [runKey('run'), 'state', 'running'] },
  ]);
}

/** Throws `refused` with every blocker that the plan names. */
export function refuseBackBlockers(plan: BackPlan): void {
  const blockers = plan.findings.filter((finding) => finding.level === 'blocker');
  if (blockers.length === 0) return;
  throw new QctlError(
    'refused',
    `the preflight refuses the way back: ${blockers.map(({ text }) => text).join('; ')}`,
    {
      code: blockers[0]!.code,
      hint: blockers.flatMap((finding) => finding.remedy ?? []),
      details: { findings: blockers },
    },
  );
}
