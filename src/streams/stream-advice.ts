import { formatDuration } from '../model/duration.ts';
import type { Finding } from '../model/finding.ts';
import { plural } from '../model/plural.ts';
import { shellWord } from '../model/shell-word.ts';
import { IDLE_MS } from './consumers.ts';
import type { StreamFacts } from './facts.ts';
import { adviseOnLoss } from './lost-advice.ts';
import type { GroupWithMembers, StreamDetail } from './stream-detail.ts';

/** What is odd about a stream, the worst first, and what to do about it. */
export function adviseOn(detail: Omit<StreamDetail, 'advice'>, facts: StreamFacts): Finding[] {
  const findings = [
    ...facts.groups.flatMap((group) => adviseOnLoss(facts, group)),
    ...detail.groups.flatMap((group) => [nobodyReads(group), stuck(group, detail)]),
    missingGroup(detail),
    tooLong(detail),
    tooOld(detail),
    deadLetters(detail),
    noGroups(detail),
  ];
  return findings.filter((finding) => finding !== undefined);
}

function nobodyReads({ stream, group, consumers, pending, lag }: GroupWithMembers): Finding | undefined {
  if (consumers > 0 || (pending === 0 && lag === 0)) return undefined;
  return {
    level: 'warning',
    code: 'GROUP_WITHOUT_CONSUMERS',
    text: `group ${group} has no consumers, and entries wait for it`,
    remedy: `start its consumers; 'qctl group delete ${shellWord(stream)} ${shellWord(group)}' where nobody needs it any more`,
  };
}

function stuck({ stream, group, members }: GroupWithMembers, detail: Detail): Finding | undefined {
  const holders = members.filter(({ verdict }) => verdict === 'stuck');
  if (holders.length === 0) return undefined;
  const pending = holders.reduce((sum, member) => sum + member.pending, 0);
  const names = holders.slice(0, MOST_NAMED).map(({ consumer }) => consumer);
  const others = holders.length > MOST_NAMED ? ` and ${holders.length - MOST_NAMED} more` : '';
  const idleMs = detail.settings.minIdleMs ?? IDLE_MS;
  return {
    level: 'warning',
    code: 'PENDING_STUCK',
    text: `group ${group}: ${pending} ${plural(pending, 'entry')} ${pending === 1 ? 'is' : 'are'} pending with consumers that were not seen for ${formatDuration(idleMs)} or longer: ${names.join(', ')}${others}`,
    remedy: `'qctl claim ${shellWord(stream)} ${shellWord(group)}' hands ${pending === 1 ? 'it' : 'them'} to a consumer that is alive`,
  };
}

type Detail = Omit<StreamDetail, 'advice'>;
const MOST_NAMED = 5;

function missingGroup({ stream, settings, groups }: Detail): Finding | undefined {
  const wanted = settings.group;
  if (wanted === undefined || groups.some(({ group }) => group === wanted)) return undefined;
  return {
    level: 'warning',
    code: 'GROUP_MISSING',
    text: `the configuration names group ${wanted}, which does not exist`,
    remedy: `'qctl group create ${shellWord(stream)} ${shellWord(wanted)}' makes it`,
  };
}

function tooLong({ stream, length, settings: { maxLen } }: Detail): Finding | undefined {
  if (maxLen === undefined || length <= maxLen) return undefined;
  return {
    level: 'warning',
    code: 'LENGTH_OVER_MAX',
    text: `it holds ${length} ${plural(length, 'entry')}, ${length - maxLen} more than maxLen ${maxLen}`,
    remedy: `'qctl stream trim ${shellWord(stream)}' cuts it; see that who adds to it trims, too`,
  };
}

function tooOld({ stream, firstAgeMs, settings: { maxAgeMs } }: Detail): Finding | undefined {
  if (maxAgeMs === undefined || firstAgeMs === null || firstAgeMs <= maxAgeMs) return undefined;
  return {
    level: 'warning',
    code: 'AGE_OVER_MAX',
    text: 'its first entry is older than maxAge',
    remedy: `'qctl stream trim ${shellWord(stream)}' cuts it`,
  };
}

function deadLetters({ stream, settings, deadLetters: count }: Detail): Finding | undefined {
  if (!count || settings.deadLetter === stream) return undefined;
  return {
    level: 'note',
    code: 'DEAD_LETTERS',
    text: `${count} ${plural(count, 'dead letter')} ${count === 1 ? 'lies' : 'lie'} in ${settings.deadLetter}`,
    remedy: `'qctl dlq ls ${shellWord(stream)}' shows why`,
  };
}

function noGroups({ stream, length, groups }: Detail): Finding | undefined {
  if (groups.length > 0 || length === 0) return undefined;
  return {
    level: 'note',
    code: 'NO_GROUPS',
    text: 'it has no groups: whoever reads it leaves no trace',
    remedy: `'qctl group create ${shellWord(stream)} GROUP' makes one, where consumers are to share the work`,
  };
}
