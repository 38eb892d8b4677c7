import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import { isFinished, STREAM } from './state.ts';
import type { Team } from './team.ts';

/** A drain follows the table while old workers are at work on it too; `meanwhile` is what happens in that time. */
export async function hybrid(stage: Stage, team: Team, meanwhile: () => Promise<void>): Promise<void> {
  heading('Hybrid: NOTIFY feeds the stream, and both sides are at work');
  const { services, terminal } = team;
  await services.systemctl('start', 'delphi-worker-v2');
  const before = services.mails().length;
  const drain = terminal.background([
    'drain',
    'postgres',
    'alerts',
    '--follow',
    '--allow-competing',
    '--yes',
  ]);
  const doneBy = (side: 'old' | 'new') =>
    services
      .mails()
      .slice(before)
      .filter(({ by }) => by === side).length;
  await waitFor(() => doneBy('new') >= 8, { what: 'mails of the new worker', timeoutMs: 30_000 });
  await showNotify(stage, team);
  await meanwhile();
  heading('The drain is stopped for the night of the cutover');
  const [run] = await team.redis.zrange('qctl:runs', '-1', '-1');
  await terminal.runBriefly(['drain', 'stop', run!, '--reason', 'cutover tonight']);
  const { code, stdout, stderr } = await drain.ended;
  // 8: alerts were left in the table, for the old workers.
  if (code !== 0 && code !== 8) throw new Error(`the drain ended with code ${code}\n${stderr}`);
  print(stdout.match(/^(read|appended|settled|duplicates|handover) .*$/gm)?.join('\n'));
  await waitFor(() => isFinished(team), { what: 'the end of the stream', timeoutMs: 30_000 });
  await services.systemctl('stop', 'delphi-worker-v2');
  stage.figures.told('hybrid: done by old workers', doneBy('old'));
  stage.figures.told('hybrid: done by the new one', doneBy('new'));
}

/** Each entry says when it was written to the table and, by its id, when to the stream. */
async function showNotify({ figures }: Stage, { redis }: Team): Promise<void> {
  const entries = await redis.xrange(STREAM, '-', '+');
  const waited = entries.map(([id, fields]) => {
    const written = fields[fields.indexOf('enqueuedAt') + 1]!;
    return Number(id.split('-')[0]) - Date.parse(written);
  });
  const median = waited.toSorted((a, b) => a - b)[waited.length >> 1]!;
  print(
    `${entries.length} alerts stand in the stream, ${median} ms after they were written to the table (median)`,
  );
  figures.held('NOTIFY: from table to stream', `${median} ms`, {
    wanted: 'below 1 s; without it every 5 s',
    holds: median < 1000,
  });
}
