import { newerSilence } from './silence.ts';
import { type Delivery, type Incident, openIncident, type RuleState } from './state.ts';

/**
 * What Redis knows of a rule, and what this host has noted while Redis was away, as one. A message that either of
 * them knows to be sent is not owed any more. Where both have begun an incident of a kind, that of Redis stays.
 */
export function mergeStates(kept: RuleState | null, noted: RuleState): RuleState {
  if (!kept) return { ...noted, measuring: null };
  const both = kept.incidents.map((one) => {
    const same = noted.incidents.find(({ id }) => id === one.id);
    return same ? mergeIncidents(one, same) : one.id === noted.lastResolved?.id ? over(one, noted) : one;
  });
  const own = noted.incidents.filter(
    (one) => !kept.incidents.some(({ id }) => id === one.id) && isWanted(one, { incidents: both }),
  );
  return {
    ...kept,
    seq: Math.max(kept.seq, noted.seq),
    silence: newerSilence(kept.silence, noted.silence),
    incidents: [...both, ...own],
  };
}

function isWanted(incident: Incident, others: Pick<RuleState, 'incidents'>): boolean {
  if (incident.state === 'resolved') return incident.owed.length > 0;
  return openIncident(others, incident.kind) === undefined;
}

const RANK = { pending: 0, firing: 1, resolved: 2 } as const;

function mergeIncidents(kept: Incident, noted: Incident): Incident {
  const further = RANK[noted.state] > RANK[kept.state] || noted.messages > kept.messages ? noted : kept;
  const told: Record<string, number> = { ...kept.told };
  for (const [channel, n] of Object.entries(noted.told)) told[channel] = Math.max(n, told[channel] ?? 0);
  const owed = further.owed.filter(({ channel, n }: Delivery) => n > (told[channel] ?? 0));
  return { ...further, told, owed };
}

/** It ended while Redis was away, and everybody was told. */
function over(incident: Incident, { lastResolved }: RuleState): Incident {
  return { ...incident, state: 'resolved', resolvedMs: lastResolved!.resolvedMs, owed: [] };
}
