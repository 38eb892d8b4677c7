import { readFile, stat } from 'node:fs/promises';
import * as z from 'zod';
import { callHttp, httpUrl } from '../../backends/http-call.ts';
import { isQctlError, QctlError } from '../../errors.ts';
import { formatExactDuration } from '../../model/duration.ts';
import { shorten } from '../../model/shorten.ts';
import { type StepWorld, stepKind } from '../step.ts';
import { duration, text } from './common.ts';
import { pause, pauseUntil } from './pause.ts';
import { fillIn } from './template.ts';

/** Nobody is expected to answer a question that is older. Fits a timer. */
const WEEK = 7 * 86_400_000;
/** The question ends by itself, and says so: the clock of the step is behind it. */
const MARGIN_MS = 60_000;
const POLL_MS = 500;
const POLL_URL_MS = 2000;

const schema = z.strictObject({
  text,
  file: text.optional(),
  url: text
    .refine((url) => httpUrl(url) !== undefined, 'expected a URL that begins with http:// or https://')
    .optional(),
  timeout: duration.optional(),
});

type ApproveParams = z.output<typeof schema>;

/** When the question was first put: an answer that is older was given to another run. */
type ApproveMemento = { since: string };

/** Waits until a person, a file or a server says that it may go on. */
export const approve = stepKind<ApproveParams, ApproveMemento>({
  name: 'approve',
  schema,
  outline: (params) => ({
    does: `wait for approval: ${params.text}`,
    undo: 'nothing',
    repeatable: true,
    earliestMs: 0,
    timeoutMs: (params.timeout ?? WEEK) + MARGIN_MS,
    asks: params.text,
  }),
  preflight: async ({ file }, world) => {
    const path = file === undefined ? undefined : world.path(fillIn(file, world));
    if (path === undefined || !(await stat(path).catch(() => undefined))) return [];
    const said = `${path} is there already: it counts as approval only once it is written anew`;
    return [
      {
        level: 'warning',
        code: 'APPROVAL_FILE_OLD',
        text: said,
        remedy: 'remove it, or put {{run}} into its name',
      },
    ];
  },
  check: async () => 'undone',
  capture: async (_params, world) => ({ since: world.host.now().toISOString() }),
  apply: async (params, world, { since }) => {
    const { run, step } = world;
    const given = await givenAlready(params, world, new Date(since));
    if (given !== undefined) return { text: `approved by ${given}` };
    world.waiting(`waits for approval (${params.text}): qctl cutover approve ${run} --step ${step}`);
    try {
      return { text: `approved by ${await firstAnswer(params, world, new Date(since))}` };
    } finally {
      world.waiting(null);
    }
  },
  rehearse: async (params) => ({ text: `would ask for approval: ${params.text}` }),
});

/** An answer that came while nobody was there to see it: then nobody is asked, nor told that it waits. */
async function givenAlready(
  params: ApproveParams,
  world: StepWorld,
  since: Date,
): Promise<string | undefined> {
  return (
    (await world.approval())?.by ??
    (await byFile(params, world, since)) ??
    (await byUrl(params, world, world.signal))
  );
}

async function firstAnswer(params: ApproveParams, world: StepWorld, since: Date): Promise<string> {
  const answered = new AbortController();
  const stop = (): void => answered.abort(world.signal.reason);
  if (world.signal.aborted) stop();
  world.signal.addEventListener('abort', stop, { once: true });
  const sources = [
    poll(POLL_MS, answered.signal, async () => (await world.approval())?.by),
    poll(POLL_MS, answered.signal, () => byFile(params, world, since)),
    poll(POLL_URL_MS, answered.signal, () => byUrl(params, world, answered.signal)),
    byTerminal(params, world, answered.signal),
    tooLate(params, world, since, answered.signal),
  ];
  try {
    return await Promise.race(sources);
  } finally {
    world.signal.removeEventListener('abort', stop);
    // Takes the question on the terminal back, and ends the others.
    answered.abort(new Error('answered'));
    await Promise.allSettled(sources);
  }
}

async function poll(
  ms: number,
  signal: AbortSignal,
  look: () => Promise<string | undefined>,
): Promise<string> {
  for (;;) {
    signal.throwIfAborted();
    const by = await look();
    if (by !== undefined) return by;
    await pause(ms, signal);
  }
}

async function byFile({ file }: ApproveParams, world: StepWorld, since: Date): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const path = world.path(fillIn(file, world));
  const found = await stat(path).catch(() => undefined);
  // Some file systems keep whole seconds only.
  if (!found || found.mtimeMs < Math.floor(since.getTime() / 1000) * 1000) return undefined;
  const who = await readFile(path, 'utf8').catch(() => '');
  return `${shorten(who) || 'somebody'} (${path})`;
}

async function byUrl(
  { url, timeout }: ApproveParams,
  world: StepWorld,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (url === undefined) return undefined;
  const headers = { 'x-qctl-run': world.run, 'x-qctl-step': world.step };
  const timeoutMs = Math.min(10_000, timeout ?? WEEK);
  // A server that is away has not approved.
  const call = { url: fillIn(url, world), method: 'GET', headers, timeoutMs, name: 'the approval' };
  const answer = await callHttp(call, signal).catch((error) => {
    if (isQctlError(error)) return undefined;
    throw error;
  });
  return answer && answer.status >= 200 && answer.status < 300 ? new URL(url).host : undefined;
}

async function byTerminal(
  { text: what }: ApproveParams,
  world: StepWorld,
  signal: AbortSignal,
): Promise<string> {
  const { ask, operator } = world.host;
  const said = await ask?.(`Approve: ${what.replace(/\?$/, '')}?`, signal).catch(() => undefined);
  if (said) return `${operator.by} at the terminal`;
  signal.throwIfAborted();
  // Without a terminal the others decide.
  if (said === undefined) return ended(signal);
  throw new QctlError('declined', `not approved by ${operator.by}: ${what}`, {
    code: 'NOT_APPROVED',
    hint: ["roll back with 'qctl rollback', or resume and approve"],
  });
}

async function tooLate(
  params: ApproveParams,
  world: StepWorld,
  since: Date,
  signal: AbortSignal,
): Promise<string> {
  const { text: what, timeout = WEEK } = params;
  const now = world.host.now().getTime();
  const end = since.getTime() + timeout;
  // Whoever takes the run up once it is over asks anew.
  await pauseUntil(new Date(end > now ? end : now + timeout), () => world.host.now(), signal);
  // It may have been given while nobody was there to see it.
  const by = (await world.approval())?.by ?? (await byFile(params, world, since));
  if (by !== undefined) return by;
  throw new QctlError('paused', `nobody approved within ${formatExactDuration(timeout)}: ${what}`, {
    code: 'APPROVAL_TIMEOUT',
    hint: ["resume the run to ask again, or roll back with 'qctl rollback'"],
  });
}

/** Rejects once the signal is given. */
function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
