import type { DrainTarget } from '../../drain/index.ts';
import type { Finding } from '../../model/finding.ts';
import type { StreamDetail } from '../../streams/index.ts';

/**
 * What trimming while the drain appends would take from consumers: --max-len of the drain holds for each
 * partition by itself and asks no group.
 *
 * @param backlog messages that are to come; null: not known
 */
export function maxLenFindings(
  { stream, partitions, maxLen }: Pick<DrainTarget, 'stream' | 'partitions' | 'maxLen'>,
  details: readonly StreamDetail[],
  backlog: number | null,
): Finding[] {
  if (maxLen === undefined) return [];
  const remedy = `leave --max-len out; 'qctl stream trim ${stream}' cuts later what no group needs any more`;
  const behind = details.flatMap(({ groups }) => groups).filter(({ lagAtLeast }) => lagAtLeast > maxLen);
  const [group] = behind.sort((a, b) => b.lagAtLeast - a.lagAtLeast);
  if (group)
    return [
      {
        level: 'blocker',
        code: 'MAXLEN_CUTS',
        text: `--max-len ${maxLen}, and group ${group.group} has ${group.lagAtLeast} entries of ${group.stream} still to come: the first append deletes about ${group.lagAtLeast - maxLen} of them`,
        remedy,
      },
    ];
  const room = maxLen * partitions;
  if (backlog === null || backlog <= room) return [];
  return [
    {
      level: 'warning',
      code: 'MAXLEN_CUTS',
      text: `--max-len ${maxLen} keeps ${room} entries and ${backlog} messages are to be moved: whatever consumers have not read by then is deleted`,
      remedy,
    },
  ];
}
