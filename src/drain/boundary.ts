import { QctlError } from '../errors.ts';
import { ArchiveSource } from '../sources/archive/index.ts';
import { CelerySource } from '../sources/celery/index.ts';
import type { Attachment } from './attach.ts';
import type { OpenSource } from './open.ts';
import type { DrainRequest } from './request.ts';

/** The boundary of a run, and how it came to be. */
export interface Boundary {
  /** RFC 3339; null: everything is taken. */
  before: string | null;
  /** What the run had before, where this call changes it. */
  prior: string | null;
  changed: boolean;
}

/**
 * The boundary in force: what this call says, else what the run has. `now` is the moment at which the run
 * first asked for it, by the clock of the source. A copy's cannot be changed: its position has passed
 * over what lay beyond.
 */
export async function resolveBoundary(
  { settings }: DrainRequest,
  { kind, manifest, before }: Pick<Attachment, 'kind' | 'manifest' | 'before'>,
  source: OpenSource,
): Promise<Boundary> {
  const { boundary, follow } = settings;
  const had = kind === 'new' ? null : before;
  const wanted = await wantedBoundary(follow ? 'none' : boundary, had, source);
  const changed = kind !== 'new' && wanted !== had;
  if (changed && manifest.mode === 'copy') throw cannotChange(manifest.run, had, wanted);
  if (changed && kind === 'join') throw othersAtWork(manifest.run, had, wanted);
  return { before: wanted, prior: had, changed };
}

async function wantedBoundary(
  asked: Date | 'now' | 'none' | undefined,
  had: string | null,
  source: OpenSource,
): Promise<string | null> {
  if (asked === undefined) return had;
  if (asked === 'none') return null;
  if (source instanceof ArchiveSource)
    throw new QctlError(
      'usage',
      'an archive is brought back whole: --until enqueued: is for sources that messages come to',
      {
        code: 'BOUNDARY_OF_ARCHIVE',
        hint: ['leave out --until; --limit ends after so many messages'],
      },
    );
  if (source instanceof CelerySource)
    throw new QctlError(
      'usage',
      'a message of Celery does not say when it was enqueued, so that none can be told to be older than the boundary',
      {
        code: 'BOUNDARY_OF_CELERY',
        hint: ['--limit N takes the N oldest messages: those that stand in the queue now, say'],
      },
    );
  if (asked === 'now') return had ?? (await source.now());
  return asked.toISOString();
}

const textOf = (before: string | null): string =>
  before ? `what was enqueued before ${before}` : 'everything';

function othersAtWork(run: string, had: string | null, wanted: string | null): QctlError {
  return new QctlError(
    'locked',
    `processes are at work on run ${run}, which takes ${textOf(had)}; it cannot change to ${textOf(wanted)} under them`,
    {
      code: 'BOUNDARY_IN_USE',
      hint: [`qctl drain stop ${run}, then the same command again`],
      details: { run },
    },
  );
}

/** The request with its boundary put into force. Throws `config` where the source has no time to compare with. */
export function bounded(request: DrainRequest, before: string | null): DrainRequest {
  const { source, settings } = request;
  if (before === null) return source.kind === 'postgres' ? unbounded(request) : request;
  const within = { ...request, settings: { ...settings, enqueuedBefore: new Date(before) } };
  if (source.kind !== 'postgres') return within;
  if (source.spec.enqueuedAt === undefined)
    throw new QctlError(
      'config',
      'nothing says when a row was enqueued, so that none can be told to be older than the boundary',
      {
        code: 'ENQUEUED_AT_MISSING',
        hint: ['--enqueued-at COLUMN, or enqueuedAt: of the source in qctl.yaml'],
      },
    );
  return { ...within, source: { ...source, spec: { ...source.spec, before } } };
}

/** A run that is named by --resume may bring its earlier boundary along. */
function unbounded(request: DrainRequest): DrainRequest {
  const { source } = request;
  if (source.kind !== 'postgres' || source.spec.before === undefined) return request;
  const { before: _, ...spec } = source.spec;
  return { ...request, source: { ...source, spec } };
}

function cannotChange(run: string, had: string | null, wanted: string | null): QctlError {
  return new QctlError(
    'refused',
    `copy ${run} takes ${textOf(had)}, and cannot change to ${textOf(wanted)}: it has passed over rows beyond its boundary`,
    {
      code: 'BOUNDARY_OF_COPY',
      hint: ['repeat its own command', 'or copy anew with --fresh into another stream'],
      details: { run },
    },
  );
}
