import type { Controlled, Speaker } from '../../src/cutover/index.ts';
import type { Context } from '../context.ts';
import { operatorHere } from '../operator.ts';
import { renderResult } from '../term/render.ts';
import { formatFields } from '../term/table.ts';
import { stateText } from './format-status.ts';

/** Says something to a run, and prints what was said before and what it does. */
export async function say(
  context: Context,
  { reason }: { reason?: string },
  act: (speaker: Speaker) => Promise<Controlled>,
  { verb, done }: { verb: string; done: string },
): Promise<void> {
  const { io, options } = context;
  const { by, host } = operatorHere();
  const { run, what, prior, status } = await act({
    by: `${by}@${host}`,
    reason: reason ?? null,
    dryRun: options.dryRun,
  });
  const said = options.dryRun ? `nothing was changed (--dry-run); without it: ${done}` : done;
  await renderResult(io, options, {
    type: 'cutover-control',
    data: { run, verb, what, prior, state: status.state, alive: status.alive, dryRun: options.dryRun },
    table: () =>
      formatFields(io.stdout, [
        ['run', run],
        ['was', stateText(status)],
        ...(prior
          ? [
              [
                'said before',
                `by ${prior.by} at ${prior.at.slice(0, 19)}Z${prior.why ? `: ${prior.why}` : ''}`,
              ] as const,
            ]
          : []),
        ['now', said],
      ]),
  });
}
