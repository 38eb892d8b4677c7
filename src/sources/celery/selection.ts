import type { Message } from '../../model/message.ts';
import { compileFilter, type Judged } from '../../transform/filter.ts';

/** Which messages of a queue are wanted; the others stay where they are. */
export interface FilterSelection {
  /** Only messages of these tasks. */
  types?: string[];
  /** JMESPath over the message; where it is not true the message stays. */
  filter?: string;
}

/**
 * Compiles a selection; undefined where every message is wanted. What is no message of Celery's at all cannot
 * be judged, and stays.
 *
 * @throws QctlError `config` where the expression cannot be meant
 */
export function compileSelection({
  types,
  filter,
}: FilterSelection): ((message: Message) => Judged) | undefined {
  if (types === undefined && filter === undefined) return undefined;
  const wanted = types && new Set(types);
  const judge = filter === undefined ? undefined : compileFilter(filter);
  return (message) => {
    if (message.unfit !== undefined) return 'unevaluated';
    if (wanted && !wanted.has(message.type ?? '')) return 'unmatched';
    return judge?.(message) ?? 'matched';
  };
}
