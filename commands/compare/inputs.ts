import { type CompareRequest, parseInput, type SideInput } from '../../src/compare/index.ts';
import { QctlError } from '../../src/errors.ts';
import { resolveStreams } from '../../src/streams/index.ts';
import type { Context } from '../context.ts';
import { usageError } from '../stream-work.ts';
import type { CompareFlags } from './options.ts';

type Side = 'old' | 'new' | 'old2';

/** Nothing of a request that would have to be connected to. */
const NO_SIDE: SideInput = { kind: 'file', path: '' };

/**
 * The request that the flags come to, its sides looked up in the configuration.
 *
 * @param check called before anything is connected to
 */
export async function requestOf(
  context: Context,
  flags: CompareFlags,
  check: (request: CompareRequest) => void,
): Promise<CompareRequest> {
  const rules = rulesOf(flags);
  check({ ...rules, old: NO_SIDE, new: NO_SIDE });
  refuseUnused(flags);
  const old = await inputOf(context, flags, 'old');
  const fresh = await inputOf(context, flags, 'new');
  const old2 = flags.old2 === undefined ? undefined : await inputOf(context, flags, 'old2');
  const kinds = [old, fresh, old2].map((side) => side?.kind);
  if (flags.for !== undefined && !kinds.includes('redis'))
    throw usageError('--for follows streams, and no side is one', 'NOTHING_TO_FOLLOW', 'leave it out');
  const redis = kinds.includes('redis') ? await context.redis() : undefined;
  return { ...rules, old, new: fresh, old2, redis };
}

function rulesOf(flags: CompareFlags): Omit<CompareRequest, 'old' | 'new'> {
  const { failOn = [], require = [], noiseRelative = 0.2, noiseAbsolute = 0.0003 } = flags;
  const { key, time, started, error, ignore, known, tolerance, unordered, looseTypes } = flags;
  const conditions = failOn.length + require.length > 0;
  return {
    ...{ key, time, started, error, ignore, known, tolerance, unordered, looseTypes, failOn, require },
    lateAfterMs: flags.lateAfter,
    forMs: flags.for,
    noise: { relative: noiseRelative, absolute: noiseAbsolute },
    minMatched: flags.minMatched ?? (conditions ? 1 : null),
    sample: flags.sample,
    showValues: flags.showValues,
  };
}

/** A flag that has no effect was meant to have one. */
function refuseUnused(flags: CompareFlags): void {
  const values = flags as unknown as Record<string, unknown>;
  for (const side of ['old', 'new', 'old2'] as const) {
    const kind = flags[side] === undefined ? undefined : parseInput(flags[side]).kind;
    for (const [part, needed] of Object.entries(NEEDED)) {
      if (values[`${side}${part}`] === undefined || kind === needed) continue;
      const flag = `--${side}-${part.toLowerCase()}`;
      const why = kind === undefined ? `there is no --${side}` : `--${side} is ${kind}:…`;
      throw usageError(`${flag} is for ${needed}:…, and ${why}`, 'UNUSED_FLAG', 'leave it out');
    }
    if (values[`${side}Table`] !== undefined && values[`${side}Query`] !== undefined)
      throw usageError(
        `--${side}-table and --${side}-query exclude each other`,
        'UNUSED_FLAG',
        'leave out one',
      );
  }
  refuseEnd(flags);
  const stdin = [flags.old, flags.new, flags.old2].filter((text) => text === 'file:-');
  if (stdin.length > 1)
    throw usageError('stdin can be one side alone', 'STDIN_TWICE', 'put the other into a file');
}

/** Streams that are followed end when the time is over. */
function refuseEnd(flags: CompareFlags): void {
  if (flags.for === undefined) return;
  const ends = {
    '--to': flags.to,
    '--old-to': flags.oldTo,
    '--new-to': flags.newTo,
    '--old2-to': flags.old2To,
  };
  const [end] = Object.entries(ends).filter(([, text]) => text !== undefined);
  if (!end) return;
  throw usageError(
    `${end[0]} and --for exclude each other: streams are followed to the end of that time`,
    'UNUSED_FLAG',
    'leave out one',
  );
}

const NEEDED = { From: 'redis', To: 'redis', Table: 'postgres', Query: 'postgres' } as const;

async function inputOf(context: Context, flags: CompareFlags, side: Side): Promise<SideInput> {
  const named = parseInput(flags[side]!);
  if (named.kind === 'redis') {
    const { streams } = await context.config();
    const found = await resolveStreams(await context.redis(), streams, named.stream);
    return {
      kind: 'redis',
      streams: found.map(({ stream }) => stream),
      from: flags[`${side}From`] ?? flags.from,
      to: flags[`${side}To`] ?? flags.to,
    };
  }
  if (named.kind === 'postgres') return postgresOf(context, flags, side, named.source);
  if (named.path !== '-') return named;
  return { kind: 'file', path: 'stdin', chunks: context.io.stdin.stream };
}

async function postgresOf(
  context: Context,
  flags: CompareFlags,
  side: Side,
  source: string | undefined,
): Promise<SideInput> {
  const connection = await context.postgresOptions(source);
  const query = flags[`${side}Query`];
  if (query !== undefined) return { kind: 'postgres', connection, query };
  const table = flags[`${side}Table`] ?? (await tableOf(context, source));
  if (table === undefined) {
    throw new QctlError('usage', `--${side} ${flags[side]} names no table`, {
      code: 'TABLE_UNNAMED',
      hint: [`name it with --${side}-table, or give a SELECT with --${side}-query`],
    });
  }
  const columns = flags.columns?.split(/\s*,\s*/);
  return { kind: 'postgres', connection, table, columns };
}

async function tableOf(context: Context, source: string | undefined): Promise<string | undefined> {
  const configured = source === undefined ? undefined : (await context.config()).sources[source];
  return configured?.kind === 'postgres' ? configured.table : undefined;
}
