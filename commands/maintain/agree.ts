import {
  isStreamPart,
  type MaintainRequest,
  planStreams,
  type StreamWork,
} from '../../src/maintain/index.ts';
import { plural } from '../../src/model/plural.ts';
import type { Context } from '../context.ts';
import { withProgress } from '../stream-work.ts';
import { grouped } from '../term/number.ts';
import { eventsOf } from './choose.ts';
import { formatStreamWork } from './format-streams.ts';

/** What may be done, and what the plan has found that is told at the end although nothing was done about it. */
export interface Agreed {
  request: MaintainRequest;
  told: StreamWork[];
}

/**
 * Shows what the destructive parts would do and asks. Where there is nothing for them to do they are left out: nobody was
 * asked about what comes up since. With `--yes` nothing is planned ahead: nobody would decide by it, and counting takes
 * time. Throws `declined`, and `refused` where there is no terminal to ask on, before anything is done.
 */
export async function agree(context: Context, request: MaintainRequest): Promise<Agreed> {
  const { io, options } = context;
  if (options.yes || ![...request.parts].some(isStreamPart)) return { request, told: [] };
  const plans = await withProgress(context, 'look', ({ work, progress }) =>
    planStreams(request, eventsOf(context, { waiting: work.waiting, doing: progress.update })),
  );
  const planned = plans.filter(({ count }) => count > 0);
  if (planned.length === 0) return { request: withoutStreams(request), told: plans };
  if (!options.quiet) io.stderr.write(formatStreamWork(io.stderr, planned));
  await context.confirm(questionOf(planned));
  return { request, told: [] };
}

function withoutStreams(request: MaintainRequest): MaintainRequest {
  return { ...request, parts: new Set([...request.parts].filter((part) => !isStreamPart(part))) };
}

const VERBS = [
  ['deadLetter', 'make dead letters of', 'pending entry'],
  ['claim', 'claim', 'pending entry'],
  ['reap', 'delete', 'consumer'],
  ['trim', 'cut', 'entry'],
  ['expire', 'delete', 'dead letter'],
] as const;

function questionOf(planned: readonly StreamWork[]): string {
  const parts = VERBS.flatMap(([part, verb, thing]) => {
    const count = planned.reduce((sum, work) => sum + (work.part === part ? work.count : 0), 0);
    return count === 0 ? [] : [`${verb} ${grouped(count)} ${plural(count, thing)}`];
  });
  const text = parts.join(', ');
  return `${text[0]!.toUpperCase()}${text.slice(1)}?`;
}
