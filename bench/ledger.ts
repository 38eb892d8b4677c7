import { bundle, runNode } from './child.ts';
import { copyTable } from './copy.ts';
import { median, paired, rate, type Tell } from './result.ts';
import type { Rig } from './rig.ts';

/** What exactly-once costs: copy mode against a pipeline of bare XADDs of the same rows. */
export async function benchLedger(rig: Rig, rows: number, rounds: number, tell: Tell): Promise<void> {
  const prototype = await bundle('ledger-prototype');
  const bare = async () => {
    await rig.flush();
    const run = await runNode([prototype], rig.env);
    const { appended, elapsedMs } = JSON.parse(run.stdout) as { appended: number; elapsedMs: number };
    if (appended !== rows) throw new Error(`the prototype wrote ${appended} of ${rows} rows`);
    return { ...run, elapsedMs };
  };
  const pairs = await paired(rounds, () => copyTable(rig, rows), bare);
  const ours = median(pairs.map(([run]) => run.wallMs));
  const theirs = median(pairs.map(([, run]) => run.wallMs));
  tell({
    name: 'exactly-once vs bare pipelined XADD (time)',
    ours: `${rate(rows, ours)} (drain alone ${rate(rows, median(pairs.map(([run]) => run.elapsedMs)))})`,
    baseline: `${rate(rows, theirs)} (loop alone ${rate(rows, median(pairs.map(([, run]) => run.elapsedMs)))})`,
    ratio: median(pairs.map(([a, b]) => a.wallMs / b.wallMs)),
    goal: { atMost: 1.25 },
    note: `CPU ${micros(
      pairs.map(([run]) => run.cpuMs),
      rows,
    )} against ${micros(
      pairs.map(([, run]) => run.cpuMs),
      rows,
    )} µs a row`,
  });
}

function micros(cpuMs: number[], rows: number): string {
  return ((median(cpuMs) / rows) * 1000).toFixed(1);
}
