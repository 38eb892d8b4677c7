import type { CutoverEvents, CutoverStatus, StepStatus } from '../../src/cutover/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import type { Context } from '../context.ts';
import { formatNdjson } from '../term/ndjson.ts';
import { createProgress } from '../term/progress.ts';
import { printable } from '../term/text.ts';
import { STATE_TEXT, STEP_TEXT } from './format-status.ts';

/** What a run tells while it works. */
export interface Following extends CutoverEvents {
  /** A question stands on the terminal, or is gone: nothing may draw over it. */
  asked(standing: boolean): void;
  /** Before the report is printed. */
  stop(): void;
  /** Of the run, once it is known. */
  run(): string | undefined;
}

/** A moving line on a terminal, a line for each event in a pipe, with `-o ndjson` an event a line on stdout. */
export function followCutover(context: Context): Following {
  const { io, options } = context;
  const progress = createProgress(io, options);
  let last: CutoverStatus | undefined;
  let standing = false;
  // What comes while a question stands goes below it: the moving line would take it away.
  const below = (line: string) =>
    standing ? io.stderr.write(`\n${printable(line)}\n`) : progress.note(line);
  const tell = ({ line, event }: Change) => {
    if (options.quiet) return;
    if (options.output === 'ndjson') io.stdout.write(formatNdjson(event));
    else below(`${context.now().toISOString().slice(11, 19)} ${line}`);
  };
  const waits = new Waits(tell);
  // In a pipe each event has its line already.
  const show = () => {
    if (io.stderr.isTTY && last && !standing) progress.update(movingLine(last));
  };
  return {
    status(status) {
      for (const change of changes(last, status)) tell(change);
      waits.look(status);
      last = status;
      show();
    },
    note: (text) => tell({ line: text, event: { type: 'note', run: last?.run ?? null, text } }),
    finding: (one) => tell({ line: `${one.level}: ${one.text}`, event: { ...one, type: 'finding' } }),
    asked(now) {
      if (now) waits.flush();
      standing = now;
      if (standing) progress.hide();
      else show();
    },
    stop() {
      waits.stop();
      progress.stop();
    },
    run: () => last?.run,
  };
}

/** Reasons to wait that are shorter than this are of no interest to anybody. */
const SHORT_MS = 1000;

/** Tells why a run waits, once it has done so for a while: once a step, however the numbers in it move. */
export class Waits {
  private readonly tell: (change: Change) => void;
  private told = new Set<string>();
  private step: string | null = null;
  private pending: { kind: string; timer: NodeJS.Timeout; change: Change } | undefined;

  constructor(tell: (change: Change) => void) {
    this.tell = tell;
  }

  look({ run, step, waitingFor }: CutoverStatus): void {
    if (step !== this.step) this.told.clear();
    this.step = step;
    const kind = waitingFor?.replace(/\d+/g, '#');
    if (kind !== this.pending?.kind) this.stop();
    if (kind === undefined || this.told.has(kind)) return;
    const change = {
      line: `waiting: ${waitingFor}`,
      event: { type: 'waiting', run, waitingFor, step },
    };
    if (this.pending) this.pending.change = change;
    else this.pending = { kind, change, timer: setTimeout(() => this.say(), SHORT_MS).unref() };
  }

  /** Tells at once what is waited for. */
  flush(): void {
    if (this.pending) this.say();
  }

  stop(): void {
    clearTimeout(this.pending?.timer);
    this.pending = undefined;
  }

  private say(): void {
    const { kind, change } = this.pending!;
    this.stop();
    this.told.add(kind);
    this.tell(change);
  }
}

interface Change {
  line: string;
  event: object;
}

/** What has happened from one look to the next, a line each; of a run that is taken up, from here on. */
export function changes(before: CutoverStatus | undefined, now: CutoverStatus): Change[] {
  const { run, state, why } = now;
  const found: Change[] = [];
  if (!before)
    found.push({
      line: `run ${run} of ${now.plan}`,
      event: { type: 'run', run, plan: now.plan, hash: now.hash },
    });
  // To and fro between the two is told with its reason, where it lasts.
  if (before?.state !== state && !(isUnderWay(before?.state) && isUnderWay(state)))
    found.push({
      line: `${STATE_TEXT[state]}${why ? `: ${why}` : ''}`,
      event: { type: 'state', run, state, why },
    });
  if (now.pauseOrdered && before?.pauseOrdered !== now.pauseOrdered)
    found.push({
      line: `a pause is ordered, behind the step in hand, by ${now.pauseOrdered}`,
      event: { type: 'pause', run, by: now.pauseOrdered },
    });
  for (const step of now.steps) {
    const prior = before?.steps.find(({ id }) => id === step.id)?.state;
    // What is done when one begins to look is not told as new.
    if (before ? prior !== step.state : isInHand(step)) found.push(stepChange(run, step));
  }
  return found;
}

function isUnderWay(state: CutoverStatus['state'] | undefined): boolean {
  return state === 'running' || state === 'waiting';
}

function isInHand({ state }: StepStatus): boolean {
  return state === 'running' || state === 'undoing';
}

function stepChange(run: string, { id, stage, kind, state, ms, text, does, left }: StepStatus): Change {
  const took = ms === null ? '' : ` in ${formatDuration(ms)}`;
  return {
    line: `${id} ${STEP_TEXT[state]}${state === 'running' || state === 'undoing' ? '' : took}: ${[text ?? does, ...left].join('; ')}`,
    event: { type: 'step', run, step: id, stage, kind, state, ms, text, left },
  };
}

/** One line that says where it stands, why it waits and what comes next. */
export function movingLine({
  state,
  step,
  stepIndex,
  stepCount,
  waitingFor,
  pauseOrdered,
  next,
  nextAt,
}: CutoverStatus): string {
  const at = step === null ? STATE_TEXT[state] : `${STATE_TEXT[state]} ${stepIndex + 1}/${stepCount} ${step}`;
  return [
    at,
    waitingFor !== null && `waiting: ${waitingFor}`,
    pauseOrdered && 'pause behind it',
    next !== null && `next ${next.step}${nextAt === null ? '' : ` at ${nextAt.slice(11, 19)}Z`}`,
  ]
    .filter(Boolean)
    .join(' · ');
}
