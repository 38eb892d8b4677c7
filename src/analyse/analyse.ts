import { connectRedis, type RedisConnection } from '../backends/redis/index.ts';
import type { DrainSource, DrainTarget } from '../drain/index.ts';
import type { Finding } from '../model/finding.ts';
import type { Analysis, MoveAnalysis, Verdict } from './analysis.ts';
import { kindOf } from './catalogue/index.ts';
import type { Level, ShownFinding } from './finding.ts';
import type { LookOptions, SourceLook } from './look.ts';
import { lookAtPostgres } from './postgres/look.ts';
import { lookAtServer, lookAtStream } from './redis/look.ts';
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
    const moves: MoveAnalysis[] = [];
    const findings: ShownFinding[] = server ? shown(server.findings, server.facts.label) : [];
    for (const move of request.moves) {
      const looked = await lookAtMove(move, redis, options);
      moves.push(looked.analysis);
      findings.push(...looked.findings);
    }
    return { at: now.toISOString(), ...judged(findings), server: server?.facts ?? null, moves };
  } finally {
    await redis?.close();
  }
}

async function lookAtMove(
  move: MoveRequest,
  redis: RedisConnection | null,
  options: LookOptions,
): Promise<{ analysis: MoveAnalysis; findings: ShownFinding[] }> {
  const source = move.source && (await lookAtSource(move.source, move, options));
  const target = redis && hasTarget(move) ? await lookAtStream(redis, move, source?.backlog.value) : null;
  return {
    analysis: {
      name: move.name,
      source: source?.facts ?? null,
      target: target?.facts ?? null,
      forecast: null,
      types: null,
      order: null,
      notCarried: source?.notCarried ?? [],
    },
    findings: [
      ...(source ? shown(source.findings, source.label) : []),
      ...(target ? shown(target.findings, target.facts.stream) : []),
    ],
  };
}

function lookAtSource(
  source: DrainSource,
  { settings }: MoveRequest,
  options: LookOptions,
): Promise<SourceLook<NonNullable<MoveAnalysis['source']>>> {
  if (source.kind === 'postgres') return lookAtPostgres(source, settings, options);
  if (source.kind === 'sqs') return lookAtSqs(source, settings, options);
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
  const findings = [...all].sort((a, b) => RANK[a.level] - RANK[b.level]);
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const [blockers, warnings, notes] = [count('blocker'), count('warning'), count('note')];
  const verdict: Verdict = blockers > 0 ? 'blocked' : warnings > 0 ? 'warnings' : 'ready';
  return { verdict, blockers, warnings, notes, findings };
}
