import type { TopicPage } from '../topics.ts';

const text = `Every command below may be given again: none does anything twice.

Where do we stand?
  qctl top --once                 streams, groups, dead letters, breakers, runs
  qctl cutover status             what it does, why it waits, what comes next
  qctl drain status RUN           how far, and which brake or pause holds it

It goes wrong, and nobody knows why yet: hold it
  qctl cutover pause RUN --reason TEXT
  qctl drain pause RUN --reason TEXT

The new side is bad: go back
  qctl cutover abort RUN --reason TEXT
  qctl rollback RUN
  qctl breaker hold open NAME --for 1h --reason TEXT

It was killed, or its host is gone
  qctl cutover resume RUN         from any host; or qctl rollback RUN
  a drain: give the same command again

Messages are stuck
  qctl pending STREAM GROUP       who holds what, and for how long
  qctl claim STREAM GROUP         gives it to somebody else; shows its plan
  qctl dlq ls                     dead letters; qctl dlq replay STREAM

Exit codes: 8 something is left, run it again. 10 somebody else is at it.
12 gone back, the old side is healthy. 13 the way back failed: the report names
each undo and its command, do these by hand. The whole of it: docs/runbook.md
`;

/** `qctl help runbook`. */
export const page: TopicPage = { type: 'topic', data: { name: 'runbook', text }, text: () => text };
