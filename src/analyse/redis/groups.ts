import type { Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import type { Member, StreamDetail } from '../../streams/index.ts';
import type { TargetGroupFacts } from './facts.ts';

/** The groups of a stream, over all its partitions, in the order of their names. */
export function groupsOf(details: readonly StreamDetail[]): TargetGroupFacts[] {
  const names = new Set(details.flatMap(({ groups }) => groups.map(({ group }) => group)));
  return [...names].sort().map((name) => {
    const parts = details.flatMap(({ groups }) => groups.filter(({ group }) => group === name));
    const lags = parts.map(({ lag }) => lag);
    return {
      group: name,
      lag: lags.includes(null) ? null : sum(lags as number[]),
      lagAtLeast: sum(parts.map(({ lagAtLeast }) => lagAtLeast)),
      pending: sum(parts.map(({ pending }) => pending)),
      ...countConsumers(parts.flatMap(({ members }) => members)),
    };
  });
}

/** One consumer often reads several partitions; it is at work where it is in any of them. */
function countConsumers(members: readonly Member[]): Pick<TargetGroupFacts, 'consumers' | 'deadConsumers'> {
  const all = new Set(members.map(({ consumer }) => consumer));
  const active = members.filter(({ verdict }) => verdict === 'active').map(({ consumer }) => consumer);
  return { consumers: all.size, deadConsumers: all.size - new Set(active).size };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** A queue in use always has a few entries on their way. */
const LAGS_FROM = 1000;

/** What stands in the way of the messages that are to come. */
export function groupFindings(stream: string, groups: readonly TargetGroupFacts[]): Finding[] {
  return groups.flatMap((group) => [...lags(stream, group), ...dead(stream, group)]);
}

function lags(stream: string, { group, lag, lagAtLeast, consumers }: TargetGroupFacts): Finding[] {
  // Without any consumer it does more than lag, and that is said already.
  if (lagAtLeast < LAGS_FROM || consumers === 0) return [];
  const entries = lag === null ? `at least ${lagAtLeast}` : `${lag}`;
  return [
    {
      level: 'note',
      code: 'GROUP_LAGS',
      text: `group ${group} has not been given ${entries} ${plural(lagAtLeast, 'entry')} yet: what is moved queues up behind them`,
      remedy: `start more consumers of ${group} first, and watch 'qctl check lag ${stream} ${group}'; or drain with --max-lag`,
    },
  ];
}

function dead(
  stream: string,
  { group, consumers, deadConsumers: gone, ...rest }: TargetGroupFacts,
): Finding[] {
  if (gone === 0) return [];
  const waits = rest.lagAtLeast > 0 && gone === consumers;
  const some = `${gone} of ${consumers} ${plural(consumers, 'consumer')}`;
  return [
    {
      level: waits ? 'warning' : 'note',
      code: 'DEAD_CONSUMERS',
      text: waits
        ? `none of the ${consumers} ${plural(consumers, 'consumer')} of group ${group} asks for entries any more, and entries wait: nobody would work on what is moved`
        : `${some} of group ${group} ${gone === 1 ? 'has' : 'have'} not asked for entries for a while: dead, or waiting without an end`,
      remedy: `start consumers of ${group}; 'qctl consumer reap ${stream} ${group}' removes those that are gone and hands over what they hold`,
    },
  ];
}
