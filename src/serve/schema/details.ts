import { LOOKS, lookOf } from './look.ts';
import { flag, list, maybeNumber, maybeText, maybeTime, number, object, type Schema, text } from './types.ts';

const DESCRIBED = 'as the command prints it with -o json';

export const STREAM = list(
  object(
    {
      stream: text,
      length: number,
      firstId: maybeText,
      firstAgeMs: maybeNumber,
      lastId: maybeText,
      lastAgeMs: maybeNumber,
      lastGeneratedId: text,
      maxDeletedId: maybeText,
      entriesAdded: maybeNumber,
      memoryBytes: maybeNumber,
      deadLetters: maybeNumber,
      waiting: maybeNumber,
      nextDueAt: maybeTime,
      groups: list(object({ group: text, members: list(object({ consumer: text, pending: number })) })),
      advice: list(object({ level: text, code: text, text })),
    },
    `qctl stream info, ${DESCRIBED}`,
  ),
);

const BUCKETS = list(object({ atMost: maybeNumber, count: number }));

export const PENDING = object(
  {
    stream: text,
    group: text,
    pending: number,
    matching: number,
    consumers: list(object({ consumer: text, pending: number, idleMs: number, inactiveMs: maybeNumber })),
    idle: BUCKETS,
    deliveries: BUCKETS,
    entries: list(
      object({
        id: text,
        consumer: text,
        idleMs: number,
        ageMs: maybeNumber,
        deliveries: number,
        gone: flag,
        payloadBytes: maybeNumber,
      }),
    ),
  },
  `qctl pending, ${DESCRIBED}`,
);

export const LETTER = object({
  id: text,
  fields: { type: 'object', additionalProperties: text },
  base64: { ...list(text), description: 'fields that are no UTF-8: their text is base64' },
  reason: maybeText,
  diedAt: maybeTime,
  deliveries: maybeNumber,
});

export const LETTERS = lookOf({
  stream: { ...text, description: 'where one was asked for' },
  letters: list(LETTER),
  deadLetters: LOOKS.deadLetters,
});

export const SERIES: Schema = object({
  at: { ...list(number), description: 'ms since 1970, the oldest first' },
  values: { type: 'object', additionalProperties: list(maybeNumber) },
});
