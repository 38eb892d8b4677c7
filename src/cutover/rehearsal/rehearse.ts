import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { CheckSummary } from '../../checks/index.ts';
import { rollbackCutover } from '../go-back.ts';
import type { CutoverHost } from '../host.ts';
import type { CutoverEvents, CutoverOptions, CutoverReport } from '../options.ts';
import type { CutoverPlan } from '../plan-types.ts';
import { redactor } from '../redact.ts';
import { startCutover } from '../run-cutover.ts';
import { brief } from './brief.ts';
import { enterTraces, forgetTraces, rehearsalLock, tracesOf } from './forget.ts';
import { lookAtReturn } from './look-at-return.ts';
import { hasData, type RehearsalReport, rehearsalReport } from './report.ts';
import { type OpenSandbox, openSandbox } from './sandbox.ts';
import { seedOf } from './seed.ts';
import { sweepRehearsals } from './sweep.ts';

/**
 * Runs a plan forwards and back in a sandbox: stand-ins for the commands of services, copies of files, names of
 * its own in Redis, drains that only look. What it has made is gone when it returns, or rejects: the outside is as
 * it was. What one left that was killed the next one takes away.
 *
 * @throws QctlError `refused` where something speaks against the plan itself, and as `startCutover`; the reason of
 *   the signal
 */
export async function rehearseCutover(
  plan: CutoverPlan,
  host: CutoverHost,
  options: CutoverOptions,
  events: CutoverEvents,
  signal: AbortSignal,
): Promise<RehearsalReport> {
  await sweepRehearsals(host);
  const name = randomUUID().slice(0, 8);
  const traces = tracesOf(name, plan.steps);
  const sandbox = await openSandbox(name, redactor(plan.secrets));
  try {
    await enterTraces(host, traces);
    return await play(plan, host, inside(options, sandbox, host), { events, signal, sandbox, name });
  } finally {
    await forgetTraces(host, traces).catch((error: Error) =>
      events.note?.(`${error.message}: the next rehearsal takes away what this one has left in Redis`),
    );
    await sandbox.close();
  }
}

interface Stage {
  events: CutoverEvents;
  signal: AbortSignal;
  sandbox: OpenSandbox;
  name: string;
}

async function play(
  plan: CutoverPlan,
  host: CutoverHost,
  options: CutoverOptions,
  { events, signal, sandbox, name }: Stage,
): Promise<RehearsalReport> {
  const note = (text: string): void => events.note?.(redactor(plan.secrets)(text));
  await sandbox.seed(await seedOf(plan.steps, host, note, signal));
  const short = brief(plan, rehearsalLock(name));
  const forward = await startCutover(short, host, options, events, signal);
  signal.throwIfAborted();
  const back = isBack(forward)
    ? forward
    : await rollbackCutover(forward.run, short, host, options, events, signal);
  signal.throwIfAborted();
  const measured = [...forward.checks, ...back.checks];
  const more = await measureOthers(short, measured, host, options, signal);
  signal.throwIfAborted();
  return rehearsalReport(plan, { forward, back, checks: [...measured, ...more], noted: sandbox.noted });
}

/** A run that went back by itself is back already; any other is taken back. */
function isBack({ ending }: CutoverReport): boolean {
  return ending === 'rolledBack' || ending === 'rollbackFailed';
}

/** A check that had no turn, as where its steps were over at once, is measured all the same: once. */
async function measureOthers(
  { checks }: CutoverPlan,
  measured: readonly CheckSummary[],
  host: CutoverHost,
  { parts }: CutoverOptions,
  signal: AbortSignal,
): Promise<CheckSummary[]> {
  const others = checks.filter(
    ({ name }) => !measured.some((summary) => summary.check === name && hasData(summary)),
  );
  const once = others.map((check) => ({ ...check, count: 1 }));
  return (await parts.watchChecks(once, host.measure, { forMs: null, signal })).summaries;
}

function inside(options: CutoverOptions, sandbox: OpenSandbox, host: CutoverHost): CutoverOptions {
  return {
    ...options,
    stateFolder: join(sandbox.folder, 'state'),
    rehearsal: true,
    // Where a night would wait for a person, a rehearsal goes back.
    leaveWhenHeld: true,
    reason: 'rehearsal',
    parts: {
      ...options.parts,
      sandbox,
      returnMessages: (back) => lookAtReturn(back, host),
    },
  };
}
