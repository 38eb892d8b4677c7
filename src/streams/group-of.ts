import { findSimilar } from '../config/similar.ts';
import type { StreamSettings } from '../config/streams.ts';
import { QctlError } from '../errors.ts';
import { shortList } from '../model/short-list.ts';
import type { GroupFacts, StreamFacts } from './facts.ts';

/**
 * The group that is meant: the one given, else that of the configuration, else the only one there is.
 * Throws `failed` where that group does not exist and `usage` where none is named and several exist.
 */
export function groupOf(facts: StreamFacts, given: string | undefined, settings: StreamSettings): GroupFacts {
  const wanted = given ?? settings.group;
  const names = facts.groups.map(({ group }) => group);
  if (wanted === undefined && names.length === 1) return facts.groups[0]!;
  if (wanted === undefined && names.length > 1) throw severalGroups(facts.stream, names);
  const found = facts.groups.find(({ group }) => group === wanted);
  if (found) return found;
  throw groupMissing(facts.stream, wanted, names);
}

function severalGroups(stream: string, names: string[]): QctlError {
  return new QctlError('usage', `stream ${stream} has ${names.length} groups; name one`, {
    code: 'GROUP_UNNAMED',
    hint: [
      `its groups: ${shortList(names)}`,
      `or name it in qctl.yaml: streams: { ${stream}: { group: ${names[0]} } }`,
    ],
    details: { stream, groups: names },
  });
}

function groupMissing(stream: string, wanted: string | undefined, names: string[]): QctlError {
  const text = wanted === undefined ? 'has no groups' : `has no group ${wanted}`;
  const similar = wanted === undefined ? undefined : findSimilar(wanted, names);
  const hint = names.length > 0 ? [`its groups: ${shortList(names)}`] : ["make one with 'qctl group create'"];
  if (similar) hint.unshift(`did you mean ${similar}?`);
  return new QctlError('failed', `stream ${stream} ${text}`, {
    code: 'GROUP_MISSING',
    hint,
    details: { stream, group: wanted ?? null, groups: names },
  });
}
