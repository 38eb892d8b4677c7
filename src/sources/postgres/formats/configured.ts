import type { PostgresSourceConfig } from '../../../config/schema.ts';
import { findSimilar } from '../../../config/similar.ts';
import { QctlError } from '../../../errors.ts';
import { FORMAT_NAMES, type FormatName, INCLUDABLE, type Includable } from '../spec.ts';
import type { FormatChoice } from './format.ts';

/**
 * The queue of a job library as a source of qctl.yaml names it; undefined as format: whichever is found.
 *
 * @throws QctlError `config` where a format, or what to include, is not known
 */
export function configuredFormat({ format, schema, queues, include }: PostgresSourceConfig): {
  format: FormatName | undefined;
  choice: FormatChoice;
} {
  const named = listOf(queues);
  const wanted = listOf(include) ?? [];
  const included = wanted.map((name) => oneOf<Includable>('include', name, INCLUDABLE));
  return {
    format: format === undefined ? undefined : oneOf<FormatName>('format', format, FORMAT_NAMES),
    choice: {
      ...(schema !== undefined && { schema }),
      ...(named && { queues: [...new Set(named)].sort() }),
      include: INCLUDABLE.filter((name) => included.includes(name)),
    },
  };
}

function listOf(value: string | string[] | undefined): string[] | undefined {
  if (value === undefined) return undefined;
  const all = typeof value === 'string' ? value.split(',') : value;
  return all.map((name) => name.trim()).filter(Boolean);
}

function oneOf<T extends string>(field: string, name: string, known: readonly T[]): T {
  const found = known.find((one) => one === name);
  if (found !== undefined) return found;
  const similar = findSimilar(name, known);
  throw new QctlError('config', `${field} ${name} is not known`, {
    code: field === 'format' ? 'UNKNOWN_FORMAT' : 'INCLUDE_UNKNOWN',
    hint: [...(similar ? [`did you mean ${similar}?`] : []), `known are ${known.join(', ')}`],
  });
}
