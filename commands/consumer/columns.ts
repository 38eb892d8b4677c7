import { formatDuration } from '../../src/model/duration.ts';
import type { Member } from '../../src/streams/index.ts';
import { ageText } from '../streams.ts';
import { grouped } from '../term/number.ts';
import type { Column } from '../term/table.ts';

/** How the members of a group are listed. */
export const MEMBER_COLUMNS: readonly Column<Member>[] = [
  { head: 'CONSUMER', value: (row) => row.consumer, whole: true },
  { head: 'PENDING', value: (row) => grouped(row.pending), align: 'right' },
  { head: 'OLDEST-PENDING', value: (row) => ageText(row.oldestPendingAgeMs), align: 'right' },
  { head: 'IDLE', value: (row) => formatDuration(row.idleMs), align: 'right' },
  { head: 'INACTIVE', value: (row) => ageText(row.inactiveMs), align: 'right' },
  { head: 'VERDICT', value: (row) => row.verdict },
];
