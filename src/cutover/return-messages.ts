import { setTimeout as sleep } from 'node:timers/promises';
import { type BackReport, openBack, runBack } from '../drain/index.ts';
import { QctlError } from '../errors.ts';
import type { DrainEvents } from '../events.ts';
import type { Finding } from '../model/finding.ts';
import { plural } from '../model/plural.ts';
import type { BackDrain } from './host.ts';
import { madeSureOfGroup } from './return-group.ts';
import type { StepResult, StepWorld } from './step.ts';

/**
 * How long the group is watched before anything is taken: a consumer that is seen meanwhile is still at work.
 * One that polls once a second shows in it; one that waits longer for an entry is told of as a warning.
 */
const WATCH_MS = 1500;

/** What {@link returnMessages} needs of a step's world. */
export type ReturnWorld = Pick<
  StepWorld,
  'host' | 'startedAt' | 'brought' | 'signal' | 'guard' | 'note' | 'waiting'
>;

/**
 * Gives back what a group has not finished. Its consumers are expected to have been stopped just now: one
 * that is seen while the group is watched is at work, and nothing is taken. May be repeated.
 *
 * @throws QctlError `refused` CONSUMERS_ACTIVE, GROUP_MISSING and the blockers of `drain redis`; `partial` where something is left
 */
export async function returnMessages(spec: BackDrain, world: ReturnWorld): Promise<StepResult> {
  const { host } = world;
  const { request, streams } = await host.backRequest(spec);
  if (!(await madeSureOfGroup(spec, world)))
    return { text: `${spec.stream} does not exist: nothing to give back` };
  const settings = {
    ...request.settings,
    activeWithinMs: await watchGroup(spec, world),
    minIdleMs: spec.minIdleMs ?? 0,
    allowActive: spec.allowActive ?? false,
  };
  const opened = await openBack({ ...request, settings }, streams, host.now());
  try {
    heed(opened.plan.findings, spec, world);
    await world.guard();
    const report = await runBack(opened, eventsTo(world), world.signal);
    world.signal.throwIfAborted();
    for (const text of report.notes) world.note(text);
    if (!report.converged) throw notConverged(spec, report);
    return {
      text: `${report.returned} ${plural(report.returned, 'message')} of ${spec.stream} given back to ${spec.to}, run ${report.run}`,
      positions: { returned: report.returned, drain: report.run },
    };
  } finally {
    world.waiting(null);
    await opened.close();
  }
}

/** Gives how long it was watched, in ms: whoever is seen to have been active within that time is at work. */
async function watchGroup({ stream, group }: BackDrain, world: ReturnWorld): Promise<number> {
  const began = performance.now();
  world.waiting(`watches ${stream} for consumers of ${group} that are still at work`);
  await sleep(WATCH_MS, undefined, { signal: world.signal });
  world.waiting(null);
  return Math.round(performance.now() - began);
}

/** Throws `refused` for blockers, and tells who may still be waiting for entries. */
function heed(findings: readonly Finding[], spec: BackDrain, world: ReturnWorld): void {
  const blockers = findings.filter(({ level }) => level === 'blocker');
  if (blockers.length > 0)
    throw new QctlError(
      'refused',
      `${spec.stream} to ${spec.to}: ${blockers.map(({ text }) => text).join('; ')}`,
      {
        code: blockers[0]!.code,
        hint: [...blockers.flatMap(({ remedy }) => remedy ?? []), ...byHand(spec)],
      },
    );
  for (const { code, text } of findings) if (code === 'CLIENTS_WAITING') world.note(text);
}

function eventsTo(world: ReturnWorld): DrainEvents {
  return {
    progress: ({ waitingFor }) => world.waiting(waitingFor),
    note: (said) => world.note(said),
  };
}

function notConverged(spec: BackDrain, report: BackReport): QctlError {
  const why = [...report.problems, ...firstLeft(report)].join('; ');
  return new QctlError('partial', `${spec.stream} to ${spec.to}, run ${report.run}: ${why}`, {
    code: 'RETURN_NOT_CONVERGED',
    hint: byHand(spec),
    details: { run: report.run },
  });
}

/** Why the first of those did not go back that were left. */
function firstLeft({ leftEntries: [first] }: BackReport): string[] {
  return first ? [`the first, ${first.entry} of ${first.stream}: ${first.reason}`] : [];
}

/** What an operator would type to do it himself. */
export function byHand({ stream, group, to, partitions, from, other }: BackDrain): string[] {
  const words = ['qctl drain redis', `--stream ${stream}`, `--group ${group}`, `--to ${to}`];
  if (partitions !== undefined) words.push(`--partitions ${partitions}`);
  if (from !== undefined) words.push(`--from ${from}`);
  if (other?.body !== undefined) words.push(`--body ${other.body}`);
  if (other?.whole) words.push('--whole');
  return [[...words, '--yes'].join(' ')];
}
