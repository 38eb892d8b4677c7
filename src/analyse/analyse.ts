import { connectRedis } from '../backends/redis/index.ts';
import type { DrainSource, DrainTarget } from '../drain/index.ts';
import type { Finding } from '../model/finding.ts';
import type { Analysis, MoveAnalysis, Verdict } from './analysis.ts';
import { kindOf } from './catalogue/index.ts';
import { lookAtCelery } from './celery/look.ts';
import type { Level, ShownFinding } from './finding.ts';
import { moveFindings } from './forecast/findings.ts';
import { type AnyLook, type Destination, makeForecast } from './forecast/make.ts';
import { planOrder } from './forecast/order.ts';
import { sampledEntries } from './forecast/sample.ts';
import { reportTypes } from './forecast/types.ts';
import type { LookOptions } from './look.ts';
import { lookAtPostgres } from './postgres/look.ts';
import { lookAtServer, lookAtStream, type StreamLook } from './redis/look.ts';
import type { AnalyseRequest, MoveRequest } from './request.ts';
import { lookAtSqs } from './sqs/look.ts';

/**
 * Looks at sources and target and says what speaks against moving. Changes nothing anywhere; with `sample`
 * messages of an SQS queue are received and given back.
 *
 * @throws QctlError of the side that cannot be looked at
 */
export async function analyse(request: AnalyseRequest, now: Date, signal?: AbortSignal): Promise<Analysis> {
  const redis = request.redis && (await connectRedis(request.redis));
  try {
    const options: LookOptions = { observeMs: request.observeMs, sample: request.sample, signal };
    const server = redis && (await lookAtServer(redis, request.moves));
    const to = redis && server ? { redis, server: server.facts } : null;
    const looked = await together(request.moves.map((move) => lookAtMove(move, to, options)));
    const moves: MoveAnalysis[] = [];
    const findings: ShownFinding[] = server ? shown(server.findings, server.facts.label) : [];
    // One after the other: what is measured must not be slowed down by the next.
    for (const look of looked) {
      const finished = await finish(look, to);
      moves.push(finished.analysis);
      findings.push(...finished.findings);
    }
    return { at: now.toISOString(), ...judged(findings), server: server?.facts ?? null, moves };
  } finally {
    await redis?.close();
  }
}

/** Waits for all of them, so that nothing is still at work where one has failed. */
async function together<T>(work: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/** Both ends of a move as they were found. */
interface LookedAt {
  move: MoveRequest;
  source: AnyLook | null;
  target: StreamLook | null;
}

async function lookAtMove(
  move: MoveRequest,
  to: Destination | null,
  options: LookOptions,
): Promise<LookedAt> {
  const source = move.source && (await lookAtSource(move.source, move, options));
  const backlog = source?.backlog.value;
  return {
    move,
    source,
    target: to && hasTarget(move) ? await lookAtStream(to.redis, move, backlog) : null,
  };
}

async function finish(
  { move, source, target }: LookedAt,
  to: Destination | null,
): Promise<{ analysis: MoveAnalysis; findings: ShownFinding[] }> {
  const ahead = source && (await lookAhead(move, source, to));
  return {
    analysis: {
      name: move.name,
      source: source?.facts ?? null,
      target: target?.facts ?? null,
      forecast: ahead?.forecast ?? null,
      types: ahead?.types ?? null,
      order: ahead?.order ?? null,
      notCarried: source?.notCarried ?? [],
    },
    findings: [
      ...(source ? shown(source.findings, source.label) : []),
      ...(target ? shown(target.findings, target.facts.stream) : []),
      ...(ahead ? shown(ahead.findings, move.name) : []),
    ],
  };
}

/** What the move will take, from what both looks have shown. */
async function lookAhead(move: MoveRequest, look: AnyLook, to: Destination | null) {
  const { target, settings } = move;
  const sample = sampledEntries(
    look.sample,
    move.source?.name ?? move.name,
    target ?? {},
    settings.maxBodyBytes,
  );
  const order = planOrder(sample, target?.partitions ?? 1);
  const forecast = await makeForecast(move, look, sample, to);
  const types = look.types && reportTypes(look.types, sample);
  return { forecast, types, order, findings: moveFindings(move, look, { forecast, order }, to) };
}

function lookAtSource(
  source: DrainSource,
  { settings }: MoveRequest,
  options: LookOptions,
): Promise<AnyLook> {
  if (source.kind === 'postgres') return lookAtPostgres(source, settings, options);
  if (source.kind === 'sqs') return lookAtSqs(source, settings, options);
  if (source.kind === 'celery') return lookAtCelery(source, settings, options);
  throw new Error('an archive is no source that could be analysed');
}

function hasTarget(move: MoveRequest): move is MoveRequest & { target: DrainTarget } {
  return move.target !== null;
}

/** What was found, with what the catalogue says of it. */
function shown(findings: Finding[], about: string): ShownFinding[] {
  return findings.map(({ level, code, text, remedy }) => ({
    level,
    code,
    about,
    what: text,
    why: kindOf(code).why,
    remedy: remedy ?? null,
  }));
}

const RANK: Record<Level, number> = { blocker: 0, warning: 1, note: 2 };

function judged(
  all: ShownFinding[],
): Pick<Analysis, 'verdict' | 'blockers' | 'warnings' | 'notes' | 'findings'> {
  // Several moves out of one source find the same in it.
  const once = new Map(all.map((finding) => [JSON.stringify(finding), finding]));
  const findings = [...once.values()].sort((a, b) => RANK[a.level] - RANK[b.level]);
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const [blockers, warnings, notes] = [count('blocker'), count('warning'), count('note')];
  const verdict: Verdict = blockers > 0 ? 'blocked' : warnings > 0 ? 'warnings' : 'ready';
  return { verdict, blockers, warnings, notes, findings };
}
