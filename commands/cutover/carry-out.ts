import type { CutoverEvents, CutoverOptions, CutoverReport } from '../../src/cutover/index.ts';
import type { Context } from '../context.ts';
import { exitCodeOf, ROLLBACK_FAILED, ROLLED_BACK } from '../exit-codes.ts';
import { renderResult } from '../term/render.ts';
import { followCutover } from './follow.ts';
import { formatReport } from './format-status.ts';

/** The flags of whatever goes on with a plan, or back. */
export interface WorkFlags {
  lockWait?: number;
  reason?: string;
  rehearse?: boolean;
  assume?: 'done' | 'undone';
  acceptPlanChange?: boolean;
  acceptOtherRedis?: boolean;
  /** False with `--no-wait`. */
  wait?: boolean;
  confirmEach?: boolean;
  withoutRedis?: boolean;
  assumeUndone?: string[];
}

/** What the runner is told, from the flags. */
export async function optionsOf(context: Context, flags: WorkFlags): Promise<CutoverOptions> {
  const { cutoverParts } = await import('./parts.ts');
  const { lockWait, reason, assume, acceptPlanChange, confirmEach, withoutRedis, assumeUndone } = flags;
  const { profile = null, files } = await context.config();
  return {
    ...(await cutoverParts(context)),
    ...{ reason, lockWaitMs: lockWait, assume, acceptPlanChange, confirmEach, withoutRedis, assumeUndone },
    ...{ acceptOtherRedis: flags.acceptOtherRedis, leaveWhenHeld: flags.wait === false, profile, files },
  };
}

/** Works while it is told of, and prints the report. Returns the exit code. */
export async function carryOut(
  context: Context,
  work: (events: CutoverEvents, signal: AbortSignal) => Promise<CutoverReport>,
): Promise<number> {
  const { io, options } = context;
  const following = followCutover(context);
  context.onHardStop = () => hardStopText(following.run());
  context.finishing = 'the step in hand';
  context.onQuestion = (standing) => following.asked(standing);
  let report: CutoverReport;
  try {
    report = await work(following, context.signal);
  } finally {
    following.stop();
    context.onHardStop = undefined;
    context.onQuestion = undefined;
    context.finishing = undefined;
  }
  await renderResult(io, options, {
    type: 'cutover-report',
    data: report,
    table: () => formatReport(io.stdout, report),
  });
  return exitCodeOfReport(report);
}

function hardStopText(run: string | undefined): string {
  if (run === undefined) return 'stopped at once; nothing had begun';
  return `stopped at once; of the step in hand nobody knows: qctl cutover resume ${run} looks, qctl rollback ${run} goes back`;
}

/** 0 completed, 12 rolled back, 13 not rolled back, 11 paused or waiting, 1 where it was stopped otherwise. */
export function exitCodeOfReport({ ending, state }: Pick<CutoverReport, 'ending' | 'state'>): number {
  if (ending === 'completed') return 0;
  if (ending === 'rolledBack') return ROLLED_BACK;
  if (ending === 'rollbackFailed') return ROLLBACK_FAILED;
  return state === 'paused' || state === 'waiting' ? exitCodeOf('paused') : exitCodeOf('failed');
}
