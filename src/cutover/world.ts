import { type RunOptions, runProgram } from '../backends/process/index.ts';
import { brought } from './fold.ts';
import { notify } from './notify.ts';
import type { PlannedStep } from './plan-types.ts';
import type { Session } from './session.ts';
import type { StepWorld } from './step.ts';
import type { StepClock } from './timed.ts';
import { watchInStep } from './watching.ts';

/** Makes what a step gets to touch, for as long as the signal lasts. */
export function worldOf(
  session: Session,
  step: PlannedStep,
  signal: AbortSignal,
  clock?: StepClock,
): StepWorld {
  const { host, plan, options } = session.hands;
  const { sandbox } = options.parts;
  const { folder } = session;
  const variables = variablesOf(session, step);
  return {
    run: session.run,
    startedAt: session.folded.startedAt,
    brought: (stream) => brought(session.hands.journal.lines, stream),
    plan: plan.name,
    step: step.id,
    rehearsal: session.folded.rehearsal,
    host: { ...host, measure: session.measure },
    signal,
    command: commandOf(session, step, signal, variables),
    readFrom: (path) => folder.resolve(path),
    path: (path) => sandbox?.path(folder.resolve(path)) ?? folder.resolve(path),
    key: (name) => sandbox?.key(name) ?? name,
    backups: session.backups,
    redis: () => sandbox?.redis?.() ?? host.redis(),
    variables,
    timeoutMs: step.timeoutMs,
    redact: session.redact,
    hide: (value) => session.hide(value),
    note: (text) => session.note(text),
    waiting: waitingOf(session, step, signal),
    approval: () => approvalOf(session, step.id),
    watch: (checks, forMs) => watchInStep(session, checks, forMs, signal, clock),
    guard: () => session.guard(signal),
  };
}

/** Runs programs as the step's own, or stubs of them in a rehearsal. */
function commandOf(
  session: Session,
  step: PlannedStep,
  signal: AbortSignal,
  variables: Record<string, string>,
): StepWorld['command'] {
  const { host, options } = session.hands;
  const { sandbox } = options.parts;
  return async (wanted) => {
    const cwd = cwdOf(session, step, wanted);
    // Who gives an environment has put the variables in, and those of a notification over them.
    const given = { ...wanted, cwd, env: wanted.env ?? { ...host.env, ...variables }, signal };
    return sandbox ? sandbox.command(given, step.kind.name === 'exec') : runProgram(given);
  };
}

/** Shows why the step waits, and calls those who are to answer where it asks somebody. */
function waitingOf(
  session: Session,
  { id, outline }: PlannedStep,
  signal: AbortSignal,
): StepWorld['waiting'] {
  let asked = false;
  return (reason) => {
    if (signal.aborted && reason !== null) return;
    session.waiting(`step ${id}`, reason);
    if (reason === null) return;
    // Told is why it waits, so that has to be known by now.
    if (outline.asks && !asked) void notify(session, 'waiting');
    asked = true;
    // To ask a person and not to wait is to leave.
    if (outline.asks && session.hands.options.leaveWhenHeld && !session.goingBack)
      session.stop({ kind: 'held' });
  };
}

/** What these do is all in their arguments: a folder that is not there is nothing to them. By kind of step. */
const ANYWHERE: Readonly<Record<string, string>> = { kubectl: 'kubectl', systemd: 'systemctl' };

function cwdOf(
  { folder }: Session,
  { kind }: PlannedStep,
  { argv, cwd }: Pick<RunOptions, 'argv' | 'cwd'>,
): string | undefined {
  return ANYWHERE[kind.name] === argv[0] && !folder.isThere() ? undefined : folder.cwdOf(cwd);
}

async function approvalOf(session: Session, step: string): Promise<{ by: string; at: string } | undefined> {
  const known = session.folded.approvals.get(step);
  if (known) return known;
  const said = session.controls.approvals.get(step);
  // Approved was that plan, and no other.
  if (!said || said.hash !== session.hands.plan.hash) return undefined;
  await session.write({ event: 'approved', step, by: said.by });
  return { by: said.by, at: said.at };
}

function variablesOf(
  { run, folded, status, hands: { plan } }: Session,
  step: PlannedStep,
): Record<string, string> {
  const upTo = plan.steps.slice(0, plan.steps.findIndex(({ id }) => id === step.id) + 1);
  return {
    QCTL_RUN: run,
    QCTL_PLAN: plan.name,
    QCTL_STEP: step.id,
    QCTL_STAGE: step.stage ?? '',
    QCTL_PERCENT: '',
    QCTL_STATE: status.state,
    QCTL_WHY: status.why ?? '',
    QCTL_DRY_RUN: folded.rehearsal ? '1' : '0',
    ...Object.assign({}, ...upTo.map(({ outline }) => outline.variables ?? {})),
  };
}
