import type { FindingKind } from '../finding.ts';

/** Findings about both ends together. */
export const MOVE_FINDINGS: readonly FindingKind[] = [
  {
    code: 'MEMORY',
    sides: ['move'],
    levels: ['blocker', 'warning'],
    title: 'The backlog does not fit into Redis',
    why: 'A full Redis refuses writes (or evicts, where its policy says so), and the drain waits in the middle; where there is no maxmemory, the kernel ends Redis when the host has no memory left.',
    advice:
      'Raise maxmemory, start the consumers first so that entries can be trimmed, or drain in parts with `--limit` or `--max-stream-length`.',
  },
  {
    code: 'NEVER_EMPTY',
    sides: ['move'],
    levels: ['warning'],
    title: 'More arrives than is drained',
    why: 'The source never becomes empty, so that a drain that waits for that goes on for ever.',
    advice:
      'Add receivers or processes, stop the producers, follow with `--follow`, or end with what is there now: `--until enqueued:now`.',
  },
  {
    code: 'RETENTION_BEFORE_END',
    sides: ['move'],
    levels: ['blocker'],
    title: 'Messages expire before the drain ends',
    why: 'SQS deletes messages when their retention is over, whoever is about to receive them: they are lost without a trace. Where ages are not known (`--sample` tells them), half of the retention is taken for gone.',
    advice: 'Raise MessageRetentionPeriod (14 days at most), or drain faster.',
  },
  {
    code: 'NO_KEY',
    sides: ['move'],
    levels: ['note'],
    title: 'Partitions without a key',
    why: 'Order holds inside a partition only, and a message is put into one by its key. Without keys neighbours go to different partitions.',
    advice: 'Name a key, or use one partition, where order matters.',
  },
  {
    code: 'HOT_KEY',
    sides: ['move'],
    levels: ['warning'],
    title: 'One key has most of the messages',
    why: 'All messages of a key go to one partition, so that it, and the consumer that reads it, get most of the load; further partitions do not help.',
    advice: 'Choose a finer key where order allows it.',
  },
];
