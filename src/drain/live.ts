import { type Decision, type ShownDecision, showDecision } from './decision.ts';
import type { RunView } from './membership.ts';
import type { DrainSettings } from './request.ts';
import { applyTunable, TUNABLE_NAMES, type Tuned } from './tunable.ts';

/** What operators have decided for a run, as its record holds it. */
export interface Controls {
  paused: Decision | undefined;
  stop: Decision | undefined;
  /** Settings of the whole run, over the flags of every process. */
  overrides: Map<string, Decision>;
}

/** An override as results show it. */
export interface ShownOverride extends ShownDecision {
  setting: string;
  value: string;
}

/** Sorts the decisions of a run. */
export function controlsOf({ decisions }: Pick<RunView, 'decisions'>): Controls {
  const known = TUNABLE_NAMES.flatMap((name) => {
    const decision = decisions.get(name);
    return decision ? [[name, decision] as const] : [];
  });
  return { paused: decisions.get('paused'), stop: decisions.get('stop'), overrides: new Map(known) };
}

/** As results show them. */
export function showOverrides({ overrides }: Controls): ShownOverride[] {
  return [...overrides].map(([setting, decision]) => ({
    setting,
    value: decision.value,
    ...showDecision(decision),
  }));
}

/**
 * The settings in force: the flags of this process, and over them what was set for the run. A rate of
 * the run is shared by its processes; one of the flags is each process's own.
 */
export function inForce(settings: DrainSettings, { overrides }: Controls, processes: number): Tuned {
  let tuned = ownSettings(settings);
  for (const [name, { value }] of overrides) tuned = applyTunable(name, value, tuned);
  if (!overrides.has('rate')) return tuned;
  const { messages, bytes } = tuned.rate;
  const share = (whole?: number): number | undefined => whole && whole / Math.max(1, processes);
  return { ...tuned, rate: { messages: share(messages), bytes: share(bytes) } };
}

/** What the flags of this process say. */
export function ownSettings(settings: DrainSettings): Tuned {
  const { ratePerSecond, bytesPerSecond, batch, brake } = settings;
  return { rate: { messages: ratePerSecond, bytes: bytesPerSecond }, batch, brake };
}
