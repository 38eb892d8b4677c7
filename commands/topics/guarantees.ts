import type { TopicPage } from '../topics.ts';

const text = `Each message of the source is in the target exactly once: through kill -9 at
any instant, restarts of Redis and PostgreSQL, redelivery by SQS, connections
that are cut, and several processes on one run.

How            message and note of it are written by one script; a source lets
               go of a message after the target has confirmed it, never before
What shows it  each run ends with an account: read, appended, duplicates
               suppressed, settled, set aside, remaining. Exit code 0 means that
               both sides were seen to agree; 'qctl verify RUN' looks once more
Unchanged      bytes of the body, attributes, key, type, priority, attempts and
               time. What cannot be carried is refused, or set aside and named
Order          inside a key, where --key names one; a FIFO queue has its own
Way back       'qctl drain redis' returns what a group has not finished

Not promised:

- what Redis itself forgets. Without an append-only file a crash, and with any
  failover a lag of the replica, may lose what was confirmed: the run, or a
  later verify, names it. --durability aof or wait:N lets go of it later
- consumers are told at least once, as always with Redis Streams: one that dies
  before it acknowledges gets, or leaves, the same entry again
- SQS by itself may deliver twice what is returned to a standard queue; what may
  stand there twice is named

Each promise with the test that shows it: docs/guarantees.md
`;

/** `qctl help guarantees`. */
export const page: TopicPage = { type: 'topic', data: { name: 'guarantees', text }, text: () => text };
