import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { plural } from '../../src/model/plural.ts';
import type { GroupWithMembers, LagSource, StreamDetail, StreamSettings } from '../../src/streams/index.ts';
import { MEMBER_COLUMNS } from '../consumer/columns.ts';
import { lagText } from '../streams.ts';
import { formatFinding } from '../term/finding.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { type CellValue, formatFields, formatTable } from '../term/table.ts';

type Line = readonly [name: string, value: CellValue];

/** One stream as a person reads it: itself, its groups with their consumers, advice. */
export function formatInfo(output: Output, detail: StreamDetail): string {
  const parts = [
    formatFields(output, streamLines(detail)),
    ...detail.groups.map((group) => formatGroup(output, group)),
  ];
  if (detail.advice.length > 0) {
    parts.push(detail.advice.map((finding) => formatFinding(output, finding)).join(''));
  }
  return parts.join('\n');
}

function streamLines(detail: StreamDetail): Line[] {
  const { length, firstId, lastId, lastGeneratedId, maxDeletedId, entriesAdded, memoryBytes } = detail;
  const lines: Line[] = [
    ['stream', detail.stream],
    ['length', grouped(length)],
    ['first entry', idText(firstId, detail.firstAgeMs)],
    ['last entry', idText(lastId, detail.lastAgeMs)],
  ];
  // Where entries at the end were deleted.
  if (lastGeneratedId !== lastId) lines.push(['last id given out', lastGeneratedId]);
  if (maxDeletedId !== null && maxDeletedId !== '0-0') lines.push(['last deleted id', maxDeletedId]);
  lines.push(
    ['entries ever added', entriesAdded === null ? null : grouped(entriesAdded)],
    ['memory', memoryBytes === null ? null : formatBytes(memoryBytes)],
    ['dead letters', deadLettersText(detail)],
    ...waitingLines(detail),
    ['configured', configuredText(detail.settings)],
  );
  return lines;
}

function idText(id: string | null, ageMs: number | null): string | null {
  if (id === null || ageMs === null) return id;
  return `${id}, ${formatDuration(ageMs)} ago`;
}

function deadLettersText({ settings, deadLetters }: StreamDetail): string {
  const count = deadLetters === null ? 'unknown' : grouped(deadLetters);
  return `${count}, in ${settings.deadLetter}${settings.deadLetterNamed ? '' : ' by convention'}`;
}

/** Nothing where nothing waits: most streams have no scheduled messages. */
function waitingLines({ waiting, nextDueAt }: StreamDetail): Line[] {
  if (!waiting) return [];
  return [['waiting until due', `${grouped(waiting)}, the next at ${nextDueAt ?? 'a time unknown'}`]];
}

function configuredText(settings: StreamSettings): string {
  const { group, maxLen, maxAgeMs, maxDeliveries, minIdleMs, claimTo } = settings;
  const parts = [
    group !== undefined && `group ${group}`,
    maxLen !== undefined && `at most ${grouped(maxLen)} ${plural(maxLen, 'entry')}`,
    maxAgeMs !== undefined && `at most ${formatDuration(maxAgeMs)} old`,
    maxDeliveries !== undefined && `at most ${maxDeliveries} deliveries`,
    minIdleMs !== undefined && `stuck after ${formatDuration(minIdleMs)}`,
    claimTo !== undefined && `claimed to ${claimTo}`,
  ];
  return parts.filter(Boolean).join(', ') || 'nothing';
}

const HOW: Record<LagSource, string> = {
  position: 'known from its position',
  reported: 'as Redis reports it',
  counted: 'counted',
  bound: 'not known exactly',
};

function formatGroup(output: Output, group: GroupWithMembers): string {
  const lines: Line[] = [
    ['group', group.group],
    ['pending', pendingText(group)],
    ['lag', `${lagText(group)}, ${HOW[group.lagHow]}`],
  ];
  if (group.lagNote !== null) lines.push(['', group.lagNote]);
  lines.push(
    ['last delivered', idText(group.lastDeliveredId, group.lastDeliveredAgeMs)],
    ['first undelivered', idText(group.oldestUndeliveredId, group.oldestUndeliveredAgeMs)],
    ['consumers', grouped(group.consumers)],
  );
  const fields = formatFields(output, lines);
  return group.members.length === 0
    ? fields
    : `${fields}\n${formatTable(output, MEMBER_COLUMNS, group.members)}`;
}

function pendingText({ pending, oldestPendingId, oldestPendingAgeMs }: GroupWithMembers): string {
  if (pending === 0) return '0';
  return `${grouped(pending)}, the oldest ${idText(oldestPendingId, oldestPendingAgeMs)}`;
}
