import { type QctlRun, runDrain, timeShell } from './child.ts';
import { againstMs, median, paired, rate, skipped, type Tell } from './result.ts';
import { copyRowsTo, type Rig } from './rig.ts';

/** Move mode against a DELETE that brings the rows to nobody. */
export async function benchMove(rig: Rig, rows: number, rounds: number, tell: Tell): Promise<void> {
  for (const [flags, what] of [
    ['-At', 'unaligned'],
    ['', 'default format'],
  ] as const) {
    const name = `move, 2 workers, vs DELETE … RETURNING, ${what}`;
    const goal = { atLeast: 1 };
    if (!rig.has.psql) {
      tell(skipped(name, goal, 'psql not installed'));
      continue;
    }
    const pairs = await paired(
      rounds,
      () => moveTable(rig, rows),
      () => deleteTable(rig, flags),
    );
    tell({
      name,
      ...againstMs(rows, pairs),
      goal,
      note: `psql ${flags} with its output thrown away; fresh tables, CHECKPOINT before each`.replace(
        '  ',
        ' ',
      ),
    });
  }
  await benchClaim(rig, rows, rounds, tell);
}

/** What it costs that no old worker can see a message again: an update, and a second look at each row. */
async function benchClaim(rig: Rig, rows: number, rounds: number, tell: Tell): Promise<void> {
  const pairs = await paired(
    rounds,
    () => moveTable(rig, rows, ['--claim-column', 'taken']),
    () => moveTable(rig, rows),
  );
  const [ours, theirs] = [0, 1].map((side) => median(pairs.map((pair) => pair[side]!.elapsedMs)));
  tell({
    name: 'move with a claim column vs without one',
    ours: rate(rows, ours!),
    baseline: rate(rows, theirs!),
    ratio: median(pairs.map(([claimed, locked]) => locked.elapsedMs / claimed.elapsedMs)),
    goal: { atLeast: 0.25 },
    note: 'the same table, 2 workers each; without a claim rows are deleted where they are locked',
  });
}

/** Moves a fresh copy of the rows. */
async function moveTable(rig: Rig, rows: number, flags: string[] = []): Promise<QctlRun> {
  await rig.flush();
  await copyRowsTo(rig, 'bench_rows', 'bench_move', 'ADD COLUMN taken text');
  const args = ['postgres', '--table', 'bench_move', '--stream', 'bench', '--workers', '2', ...flags];
  const run = await runDrain(args, rig.env);
  if (run.appended !== rows) throw new Error(`moved ${run.appended} of ${rows} rows`);
  return run;
}

async function deleteTable(rig: Rig, flags: string): Promise<number> {
  await copyRowsTo(rig, 'bench_rows', 'bench_move');
  return timeShell(`psql "$URL" ${flags} -c 'DELETE FROM bench_move RETURNING id, payload' >/dev/null`, {
    URL: rig.database,
    PAGER: '',
  });
}
