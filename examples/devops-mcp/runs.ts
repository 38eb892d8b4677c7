import { waitFor } from '../../test/support/wait.ts';
import type { Answer } from '../kit/terminal.ts';
import type { Team } from './team.ts';

/** A cutover under way. */
export interface Running {
  run: string;
  ended: Promise<Answer>;
  /** What it has printed so far. */
  text(): string;
}

/** What is done and why it goes back; not what begins, and not the plan. */
const SHOWN = /^\d\d:\d\d:\d\d (?!.*\b(running|waiting)\b)/;

/** Starts a plan, and returns once its run has a name. How long the queue must stay empty is cut short. */
export async function beginRun({ terminal }: Team, args: string[]): Promise<Running> {
  const words = ['cutover', 'run', ...args, '--set', 'settle=300ms', '--yes'];
  const { child, ended, text } = terminal.follow(words, SHOWN);
  const run = await waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(text());
      return /\brun (\S+-\d{8}-\d{6}-\w+) of /.exec(text())?.[1];
    },
    { what: 'the name of the run', timeoutMs: 60_000 },
  );
  return { run, ended, text };
}

/** Waits until a step is in hand. */
export async function untilStep({ text }: Running, step: string): Promise<void> {
  await waitFor(() => text().includes(`${step} running`), { what: `step ${step}`, timeoutMs: 90_000 });
}

/** Waits until it asks, and approves. */
export async function approve(team: Team, running: Running, step: string): Promise<void> {
  await untilStep(running, step);
  await team.terminal.runBriefly(['cutover', 'approve', running.run, '--step', step], /^now/);
}

/** Waits for its end; fails where that is another one than expected. */
export async function endOf({ ended, text }: Running, expected: number): Promise<Answer> {
  const answer = await ended;
  if (answer.code !== expected) throw new Error(`the cutover ended with ${answer.code}\n${text()}`);
  return answer;
}

/** The drain that a step of the run has made. */
export function drainIn(text: string): string {
  const found = /in webhook-events.*, run (\S+), shown/.exec(text)?.[1];
  if (!found) throw new Error(`no drain is named in\n${text}`);
  return found;
}
