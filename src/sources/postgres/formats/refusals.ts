import { QctlError } from '../../../errors.ts';
import { shortList } from '../../../model/short-list.ts';
import type { Includable } from '../spec.ts';
import type { FormatChoice, FoundQueue, QueueFormat } from './format.ts';

/** {@link FoundQueue.version} where the table that tells it may not be read. */
export const UNREADABLE = 'unreadable';

type Titled = Pick<QueueFormat, 'title' | 'versions'>;

/** The error for a version that is not understood, or may not be read. */
export function unknownVersion({ title, versions }: Titled, found: FoundQueue, table: string): QctlError {
  if (found.version === UNREADABLE) return unreadable(title, found, table);
  return new QctlError(
    'refused',
    `${title} in schema ${found.schema} is of version ${found.version}, which is not understood`,
    {
      code: 'UNKNOWN_FORMAT_VERSION',
      hint: [
        `understood are: ${versions}`,
        'update qctl, or migrate the queue to one of these',
        '--format generic with --table, --ready and --payload drains any table as you describe it',
      ],
      details: { found: found.version, schema: found.schema },
    },
  );
}

function unreadable(title: string, { schema }: FoundQueue, table: string): QctlError {
  return new QctlError('auth', `the version of ${title} in schema ${schema} cannot be read`, {
    code: 'MISSING_PRIVILEGE',
    hint: [`GRANT USAGE ON SCHEMA ${schema} TO …`, `GRANT SELECT ON ${schema}.${table} TO …`],
  });
}

/** Refuses what a format has no notion of. `why` says, for each, what stands in its place. */
export function refuseIncludes(
  { title }: Titled,
  { include }: FormatChoice,
  why: Partial<Record<Includable, string>>,
): void {
  for (const what of include) {
    const reason = why[what];
    if (reason === undefined) continue;
    throw new QctlError('usage', `--include ${what}: ${title} has no such messages`, {
      code: 'INCLUDE_UNKNOWN',
      hint: [reason],
    });
  }
}

/** Refuses queues that do not exist, and names those that do. */
export function requireQueues({ title }: Titled, queues: string[] | undefined, known: string[]): void {
  const missing = (queues ?? []).filter((name) => !known.includes(name));
  if (missing.length === 0) return;
  throw new QctlError('config', `${title} has no queue ${missing.join(', ')}`, {
    code: 'QUEUE_NOT_FOUND',
    hint: [known.length > 0 ? `its queues are: ${shortList(known)}` : 'it has no queues at all'],
    details: { missing },
  });
}
