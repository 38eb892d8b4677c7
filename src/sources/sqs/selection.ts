import { QctlError } from '../../errors.ts';
import type { Message } from '../../model/message.ts';
import { compileFilter, compileType } from '../../transform/filter.ts';

/** Which messages of a queue are wanted; SQS itself cannot select, so all of them are received. */
export interface SqsSelection {
  /** JMESPath over the message; where it is not true the message stays in the queue. */
  filter?: string;
  /** JMESPath that gives the message's type, which then is the entry's `type` as well. */
  type?: string;
  /** Only messages of these types. */
  types?: string[];
}

/**
 * Why a message stays in the queue: `filter` and `types` did not want it, `unevaluated` they could say
 * nothing about it, `later` it was enqueued at or after the boundary, `behind` it stands behind such a
 * one in its FIFO group.
 */
export type Unwanted = 'filter' | 'types' | 'unevaluated' | 'later' | 'behind';

/** Gives a message its type, and says why it is not wanted; undefined where it is. */
export type Select = (message: Message) => Unwanted | undefined;

/**
 * Compiles a selection; undefined where every message is wanted and none has a type of its own.
 *
 * @param before messages enqueued at or after it are not wanted
 * @throws QctlError `config` where an expression cannot be meant
 */
export function compileSelection(selection: SqsSelection, before?: Date): Select | undefined {
  const { filter, type, types } = selection;
  if (!selects(selection, before) && type === undefined) return undefined;
  if (types !== undefined && type === undefined)
    throw new QctlError('usage', 'the types are named, but not what the type of a message is', {
      code: 'TYPE_MISSING',
      hint: ['--type EXPRESSION, for example --type body.kind or --type attributes.kind'],
    });
  const judge = filter === undefined ? undefined : compileFilter(filter);
  const typeOf = type === undefined ? undefined : compileType(type);
  const wanted = types && new Set(types);
  const boundary = before?.toISOString();
  return (message) => {
    const kind = typeOf?.(message);
    if (typeof kind === 'string') message.type = kind;
    if (boundary !== undefined && message.enqueuedAt !== undefined && message.enqueuedAt >= boundary)
      return 'later';
    if (wanted && kind === null) return 'unevaluated';
    if (wanted && (kind === undefined || !wanted.has(kind!))) return 'types';
    const judged = judge?.(message);
    if (judged === 'unevaluated') return judged;
    return judged === 'unmatched' ? 'filter' : undefined;
  };
}

/** Whether a selection may leave messages in the queue. */
export function selects({ filter, types }: SqsSelection, before?: Date): boolean {
  return filter !== undefined || types !== undefined || before !== undefined;
}
