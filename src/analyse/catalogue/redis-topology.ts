import type { FindingKind } from '../finding.ts';

/** Findings about who of several servers does what. */
export const CLUSTER_FINDINGS: readonly FindingKind[] = [
  {
    code: 'TARGET_IS_REPLICA',
    sides: ['redis'],
    levels: ['blocker'],
    title: 'The target is a replica',
    why: 'A replica takes no writes; and whatever it took would be gone with its next synchronisation.',
    advice: 'Connect to the primary, or by way of Sentinel, which knows where it is.',
  },
  {
    code: 'CLUSTER_DOWN',
    sides: ['redis'],
    levels: ['blocker'],
    title: 'Slots of the cluster are not served',
    why: 'A key belongs to one slot. Streams, runs and locks whose keys lie in a slot that no master serves cannot be read or written.',
    advice: 'redis-cli --cluster fix, or bring back the master that has gone.',
  },
  {
    code: 'CLUSTER_ONE_PARTITION',
    sides: ['redis'],
    levels: ['warning'],
    title: 'The stream uses only a part of the cluster',
    why: 'A stream is one key and lies on one master, whatever the others have free. The number of partitions is hard to change once consumers read them.',
    advice: '--partitions with a multiple of the number of masters that spreads evenly over their slots.',
  },
  {
    code: 'PARTITIONS_UNEVEN',
    sides: ['redis'],
    levels: ['warning', 'note'],
    title: 'Partitions spread unevenly over the masters',
    why: 'Slots follow from the names of the partitions, so that a number of partitions may put many on one master and none on another. The fullest one decides how much fits.',
    advice: 'Another number of partitions, or other slots: redis-cli --cluster rebalance.',
  },
];
