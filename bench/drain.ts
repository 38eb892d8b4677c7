// npm run bench: ratios against what one would use without qctl, each measured in the same run on the same data.
import { cpus } from 'node:os';
import { benchAnalyse } from './analyse.ts';
import { benchBreaker } from './breaker.ts';
import { benchCluster } from './cluster.ts';
import { benchCompare } from './compare.ts';
import { benchCopy } from './copy.ts';
import { benchFollow } from './follow.ts';
import { benchFormats } from './formats.ts';
import { benchLedger } from './ledger.ts';
import { benchLoad } from './load.ts';
import { benchMemory } from './memory.ts';
import { benchMove } from './move.ts';
import { type BenchOptions, PARTS, type Part, readOptions } from './options.ts';
import { type Measured, machineLine, writePage } from './page.ts';
import { benchReceivers } from './receivers.ts';
import { formatResults, type Tell, verdict } from './result.ts';
import { fillRows, type Rig, startRig } from './rig.ts';
import { benchScale } from './scale.ts';
import { benchServe } from './serve.ts';
import { benchSqs } from './sqs.ts';
import { benchStartup } from './startup.ts';
import { benchStreams } from './streams.ts';
import { benchXadd } from './xadd.ts';

type Bench = (rig: Rig, options: BenchOptions, tell: Tell) => Promise<void>;

const BENCHES: Record<Part, Bench> = {
  copy: (rig, { rows, rounds }, tell) => benchCopy(rig, rows, rounds, tell),
  xadd: (rig, { rows }, tell) => benchXadd(rig, rows, tell),
  move: (rig, { rows, rounds }, tell) => benchMove(rig, rows, rounds, tell),
  formats: (rig, { messages }, tell) => benchFormats(rig, messages, tell),
  sqs: (rig, { messages, rounds }, tell) => benchSqs(rig, messages, rounds, tell),
  receivers: (rig, { messages, rounds }, tell) => benchReceivers(rig, messages, rounds, tell),
  cluster: (rig, { rows, rounds }, tell) => benchCluster(rig, rows, rounds, tell),
  scale: (rig, { rows, messages, rounds }, tell) => benchScale(rig, rows, messages, rounds, tell),
  ledger: (rig, { rows, rounds }, tell) => benchLedger(rig, rows, rounds, tell),
  memory: (rig, { rows }, tell) => benchMemory(rig, rows, tell),
  streams: (rig, { rounds }, tell) => benchStreams(rig, rounds, tell),
  analyse: (rig, { rows, rounds }, tell) => benchAnalyse(rig, rows, rounds, tell),
  breaker: (rig, { rounds }, tell) => benchBreaker(rig, rounds, tell),
  compare: (_, { rows }, tell) => benchCompare(rows, tell),
  load: (rig, { rounds }, tell) => benchLoad(rig, rounds, tell),
  startup: (_, __, tell) => benchStartup(tell),
  follow: (_, { minutes }, tell) => benchFollow(minutes, tell),
  serve: (rig, { minutes }, tell) => benchServe(rig, minutes, tell),
};
const WITH_ROWS: Part[] = ['copy', 'xadd', 'move', 'formats', 'cluster', 'scale', 'ledger', 'memory'];

async function main(options: BenchOptions): Promise<Measured[]> {
  const measured: Measured[] = [];
  const tell: Tell = (result) => {
    measured.at(-1)!.results.push(result);
    const ratio = result.ratio === null ? (result.note ?? '') : `${result.ratio.toFixed(2)}x`;
    process.stderr.write(
      `${result.name}: ${result.ours} | ${result.baseline} | ${ratio} ${verdict(result)}\n`,
    );
  };
  const rig = await startRig();
  try {
    if (WITH_ROWS.some((part) => options.only.has(part))) {
      process.stderr.write(`filling ${options.rows.toLocaleString('en-GB')} rows\n`);
      await fillRows(rig, 'bench_rows', options.rows);
    }
    for (const part of PARTS.filter((one) => options.only.has(one))) {
      measured.push({ part, results: [] });
      await BENCHES[part](rig, options, tell);
    }
  } finally {
    await rig.stop();
  }
  return measured;
}

function sizes({ rows, messages, rounds }: BenchOptions): string {
  const group = (n: number) => n.toLocaleString('en-GB');
  return `${group(rows)} rows, ${group(messages)} messages, ${rounds} rounds`;
}

const options = readOptions(process.argv.slice(2));
const measured = await main(options);
const results = measured.flatMap((one) => one.results);
if (options.page) writePage(options.page, measured, `${machineLine()}; ${sizes(options)}`);
if (options.json) {
  const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model ?? null };
  const { rows, messages, rounds } = options;
  const items = results.map((result) => ({ ...result, verdict: verdict(result) }));
  process.stdout.write(
    `${JSON.stringify({ type: 'bench', machine, rows, messages, rounds, results: items }, null, 2)}\n`,
  );
} else {
  process.stdout.write(`\n${formatResults(results)}`);
}
