import * as z from 'zod';
import type { SideInput } from '../../compare/index.ts';
import { resolveStreams } from '../../streams/index.ts';
import type { StepWorld } from '../step.ts';
import { text } from './common.ts';

const redis = z.strictObject({
  redis: z.union([text.transform((one) => [one]), z.array(text).min(1)]),
  /** `start`, an id, a time, or `10m` ago. */
  from: text.optional(),
  to: text.optional(),
});

const postgres = z
  .strictObject({
    /** Name of a source in qctl.yaml. */
    postgres: text,
    table: text.optional(),
    columns: z.array(text).min(1).optional(),
    query: text.optional(),
  })
  .refine(
    ({ table, query }) => (table === undefined) !== (query === undefined),
    'expected a table or a query',
  );

const file = z.strictObject({ file: text });

/** `redis:STREAM` and `file:PATH`, as text. */
const short = text.transform((written, context): z.output<typeof redis> | z.output<typeof file> => {
  const [, kind, name = ''] = /^(redis|file):(.+)$/s.exec(written) ?? [];
  if (kind === 'redis') return { redis: [name] };
  if (kind === 'file') return { file: name };
  context.issues.push({
    code: 'custom',
    message: 'expected redis:STREAM, file:PATH, or { postgres: SOURCE, table: TABLE }',
    input: written,
  });
  return z.NEVER;
});

/** A side of a comparison as a plan writes it. */
export const sideSchema = z.union([short, redis, postgres, file]);

export type Side = z.output<typeof sideSchema>;

/** `redis:results`, for the text of a plan. */
export function describeSide(side: Side): string {
  if ('redis' in side) return `redis:${side.redis.join(', ')}`;
  if ('file' in side) return `file:${side.file}`;
  return `postgres:${side.postgres}${side.table === undefined ? '' : ` ${side.table}`}`;
}

/** Whether a plan says where the reading of its streams ends. */
export function hasEnd(side: Side | undefined): boolean {
  return side !== undefined && 'redis' in side && side.to !== undefined;
}

/** Where a side is read from; configured partitions and patterns are read together, as `qctl compare` does. */
export async function inputOf(side: Side, world: StepWorld): Promise<SideInput> {
  if ('file' in side) return { kind: 'file', path: world.path(side.file) };
  if ('postgres' in side) {
    const { postgres: source, ...rest } = side;
    return { kind: 'postgres', connection: await world.host.postgres(source), ...rest };
  }
  const [redis, configured] = [await world.redis(), await world.host.streams()];
  const found = await Promise.all(side.redis.map((name) => resolveStreams(redis, configured, name)));
  const streams = [...new Set(found.flat().map(({ stream }) => stream))];
  return { kind: 'redis', streams, from: side.from, to: side.to };
}
