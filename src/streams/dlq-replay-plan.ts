import type { RedisConnection } from '../backends/redis/index.ts';
import { streamSettings } from '../config/streams.ts';
import { QctlError } from '../errors.ts';
import type { Finding } from '../model/finding.ts';
import type { DeadLetterStream } from './dead-letters.ts';
import { lookPatiently } from './dlq-facts.ts';
import type { DeadLetterChoice } from './dlq-filter.ts';
import type { DeadLetter } from './dlq-letter.ts';
import { checkReplay } from './dlq-replay-checks.ts';
import { type Survey, surveyDeadLetters } from './dlq-survey.ts';
import type { Work } from './work.ts';

/** What is to be replayed, and where to. */
export interface ReplayRequest {
  streams: readonly DeadLetterStream[];
  choice: DeadLetterChoice;
  /** Instead of the stream that each one comes from. */
  to?: string;
  /** Allows a stream that does not exist yet. */
  create: boolean;
  /** No limit where it is undefined. */
  ratePerSecond?: number;
}

/** What goes back into one stream. */
export interface ReplayTarget {
  /** Null where nobody knows it. */
  stream: string | null;
  chosen: number;
  payloadBytes: number;
  /** Null where the key could not be looked at. */
  exists: boolean | null;
  /** Each of them gets the entries. */
  groups: string[];
}

/** What a replay would do. */
export interface ReplayPlan {
  sources: { stream: string; entries: number; chosen: number }[];
  targets: ReplayTarget[];
  chosen: number;
  payloadBytes: number;
  /** Made by other programs: they go back as they are, with what is noted in them of their death. */
  madeByOthers: number;
  /** Of the ids asked for. */
  missingIds: string[];
  ratePerSecond: number | null;
  findings: Finding[];
}

/** A plan and what carrying it out needs besides. */
export interface PreparedReplay {
  request: ReplayRequest;
  plan: ReplayPlan;
  survey: Survey;
}

/** Where a dead letter goes, and which field of the original entry counts its attempts. */
export interface Destination {
  stream: string | null;
  counter: string;
}

/** @param to instead of the stream that it comes from */
export function destinationOf(
  { home, streams }: Pick<DeadLetterStream, 'home' | 'streams'>,
  { originalStream }: Pick<DeadLetter, 'originalStream'>,
  to: string | undefined,
): Destination {
  const origin = originalStream ?? home;
  const { entry } = streamSettings(streams, origin ?? to ?? '');
  return { stream: to ?? origin, counter: entry.retryCount };
}

/** More than this is no set of streams but a field that holds something else. */
const MOST_TARGETS = 1000;

/**
 * Finds out what would go where, and what speaks against it; changes nothing. Throws `refused` where the
 * dead letters name more streams than can be meant.
 */
export async function planReplay(
  redis: RedisConnection,
  request: ReplayRequest,
  work: Work,
  onProgress?: (seen: number) => void,
): Promise<PreparedReplay> {
  const targets = new Map<string | null, ReplayTarget>();
  const pairs = new Map<string, [source: string, target: string]>();
  let madeByOthers = 0;
  const survey = await surveyDeadLetters(redis, request.streams, request.choice, work, {
    progress: onProgress,
    letter(dead, letter) {
      const { stream } = destinationOf(dead, letter, request.to);
      const target = targets.get(stream) ?? emptyTarget(stream);
      targets.set(stream, target);
      if (targets.size > MOST_TARGETS) throw tooManyTargets(dead.stream);
      target.chosen += 1;
      target.payloadBytes += letter.payloadBytes;
      if (letter.madeBy === 'other') madeByOthers += 1;
      if (stream !== null) pairs.set(`${dead.stream}\0${stream}`, [dead.stream, stream]);
    },
  });
  const sorted = [...targets.values()].sort((a, b) => b.chosen - a.chosen);
  const plan: ReplayPlan = {
    sources: survey.shares.map(({ dead, entries, chosen }) => ({ stream: dead.stream, entries, chosen })),
    targets: sorted,
    chosen: survey.chosen,
    payloadBytes: sorted.reduce((sum, target) => sum + target.payloadBytes, 0),
    madeByOthers,
    missingIds: survey.missingIds,
    ratePerSecond: request.ratePerSecond ?? null,
    findings: [],
  };
  const refusals = await lookAt(redis, sorted, work);
  plan.findings = await checkReplay(redis, request, plan, { refusals, pairs: [...pairs.values()] });
  return { request, plan, survey };
}

function emptyTarget(stream: string | null): ReplayTarget {
  return { stream, chosen: 0, payloadBytes: 0, exists: null, groups: [] };
}

/** Fills in what Redis says of the targets; what it refuses to tell is given back by their names. */
async function lookAt(
  redis: RedisConnection,
  targets: readonly ReplayTarget[],
  work: Work,
): Promise<Map<string, QctlError>> {
  const refusals = new Map<string, QctlError>();
  for (const target of targets) {
    if (target.stream === null) continue;
    try {
      const facts = await lookPatiently(redis, target.stream, work);
      target.exists = facts !== undefined;
      target.groups = facts?.groups.map(({ group }) => group) ?? [];
    } catch (error) {
      if (!(error instanceof QctlError) || error.code !== 'REDIS_WRONG_TYPE') throw error;
      refusals.set(target.stream, error);
    }
  }
  return refusals;
}

function tooManyTargets(stream: string): QctlError {
  return new QctlError('refused', `the dead letters of ${stream} name more than ${MOST_TARGETS} streams`, {
    code: 'DLQ_TARGETS',
    hint: [
      'choose some of them with --stream, or name one stream for all with --to',
      'or say in qctl.yaml in which field of the dead letters the original stream stands: entry: { originalStream: … }',
    ],
    details: { stream },
  });
}

/** Throws `refused` with everything that stands in the way of a replay. */
export function refuseReplay({ findings }: ReplayPlan): void {
  const blockers = findings.filter((finding) => finding.level === 'blocker');
  if (blockers.length === 0) return;
  throw new QctlError('refused', `nothing was replayed: ${blockers.map(({ text }) => text).join('; ')}`, {
    code: blockers[0]!.code,
    hint: [...new Set(blockers.flatMap(({ remedy }) => remedy ?? []))],
    details: { findings: blockers },
  });
}
