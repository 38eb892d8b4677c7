import type { DrainSettings } from '../../drain/index.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import type { CelerySourceFacts } from './facts.ts';
import type { Survey } from './survey.ts';

/** Celery's own: what was delivered longer ago a worker gives back to its queue. */
const VISIBILITY_MS = 3_600_000;

/** What the messages of a queue and those that workers hold of it show. */
export function surveyFindings(facts: CelerySourceFacts, found: Survey, settings: DrainSettings): Finding[] {
  return [
    ...heldFindings(facts),
    ...messageFindings(found),
    ...datedFindings(facts),
    ...brokerFindings(facts, settings),
  ];
}

function heldFindings({
  unacked,
  unackedWaiting,
  workersWaiting,
  oldestUnackedAgeMs,
}: CelerySourceFacts): Finding[] {
  if (unacked === null)
    return [
      {
        level: 'note',
        code: 'UNACKED_NOT_COUNTED',
        text: 'workers hold so many messages of all queues of this broker that they were not looked at',
        remedy: 'HLEN unacked tells how many; stop the workers, which give theirs back',
      },
    ];
  if (unacked === 0) return [];
  const held = `${unacked} ${plural(unacked, 'message')} of the queue ${unacked === 1 ? 'is' : 'are'} in unacked`;
  const old = oldestUnackedAgeMs === null ? '' : `, the oldest for ${formatDuration(oldestUnackedAgeMs)}`;
  if (workersWaiting === 0 && (oldestUnackedAgeMs ?? 0) >= VISIBILITY_MS)
    return [
      {
        level: 'warning',
        code: 'UNACKED_ABANDONED',
        text: `${held}${old}, and nobody waits at the broker: their workers are gone, and a drain does not take them`,
        remedy:
          'start one worker of this broker for another queue (celery worker -Q none): it gives back to their queue those that were delivered longer ago than its visibility_timeout; then drain',
      },
    ];
  const later = unackedWaiting ? `; ${unackedWaiting} of them wait for their eta` : '';
  return [
    {
      level: 'note',
      code: 'UNACKED',
      text: `${held}${old}${later}: workers have fetched them, and a drain leaves them`,
      remedy:
        'stop the workers with SIGTERM and wait for them: a warm shutdown gives back what was fetched and not begun, with an eta or without',
    },
  ];
}

function messageFindings(found: Survey): Finding[] {
  const { unfit, pickled, linked, all } = found;
  const of = found.whole ? '' : ` of ${all.seen} that were looked at`;
  const findings: Finding[] = [];
  if (unfit > 0)
    findings.push({
      level: 'warning',
      code: 'NOT_ENVELOPES',
      text: `${unfit} ${plural(unfit, 'message')}${of} ${unfit === 1 ? 'is' : 'are'} no envelope of kombu's: a drain sets them aside in quarantine`,
      remedy: 'find out who else writes to the list; with --types NAME they stay where they are',
    });
  if (pickled > 0)
    findings.push({
      level: 'warning',
      code: 'PICKLED_BODIES',
      text: `${pickled} ${plural(pickled, 'message')}${of} ${pickled === 1 ? 'has' : 'have'} a pickled body`,
      remedy:
        'serializer="json" for these tasks before the drain, or consumers in Python that trust the producers',
    });
  if (linked > 0)
    findings.push({
      level: 'warning',
      code: 'LINKED_TASKS',
      text: `${linked} ${plural(linked, 'message')}${of} ${linked === 1 ? 'belongs' : 'belong'} to a group, chain or chord, or ${linked === 1 ? 'has' : 'have'} callbacks`,
      remedy:
        'let the workers finish them, or have the consumers read chain, chord and callbacks in the third part of the body',
    });
  return findings;
}

/** Those that are not due yet, or not of use any more. */
function datedFindings({ scheduled, expired }: CelerySourceFacts): Finding[] {
  const findings: Finding[] = [];
  if (scheduled.value)
    findings.push({
      level: 'note',
      code: 'TASKS_WITH_ETA',
      text: `${scheduled.value} ${plural(scheduled.value, 'message')} in the queue ${scheduled.value === 1 ? 'is' : 'are'} not due yet: the drain puts them aside beside the stream until they are`,
    });
  if (expired.value)
    findings.push({
      level: 'note',
      code: 'TASKS_EXPIRED',
      text: `${expired.value} ${plural(expired.value, 'message')} in the queue ${expired.value === 1 ? 'is' : 'are'} past ${expired.value === 1 ? 'its' : 'their'} expiry: a worker would throw them away, the drain brings them along`,
      remedy: 'have the consumers look at attr.expires',
    });
  return findings;
}

function brokerFindings(
  { maxmemoryPolicy, growthPerSecond, observedMs }: CelerySourceFacts,
  { follow }: DrainSettings,
): Finding[] {
  const findings: Finding[] = [];
  if (maxmemoryPolicy?.startsWith('allkeys'))
    findings.push({
      level: 'warning',
      code: 'BROKER_EVICTS',
      text: `the broker has maxmemory-policy ${maxmemoryPolicy}: when its memory is full it deletes queues, and what a drain has taken out of them`,
      remedy: 'CONFIG SET maxmemory-policy noeviction (and in redis.conf) on the broker',
    });
  if ((growthPerSecond ?? 0) > 0)
    findings.push({
      level: follow ? 'note' : 'warning',
      code: 'GROWING',
      text: `the queue grows by ${growthPerSecond} messages a second (seen in ${formatDuration(observedMs ?? 0)}): a drain that ends when it is empty ends at the first moment at which it is`,
      remedy: 'let the producers write to the stream first, or drain with --follow until they do',
    });
  return findings;
}
