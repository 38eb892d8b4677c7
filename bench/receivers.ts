import { startSqs, startSqsFaultProxyProcess } from '../test/support/sqs.ts';
import { bundle } from './child.ts';
import { median, paired, type Tell } from './result.ts';
import type { Rig } from './rig.ts';
import { LATENCY_MS, type Measured, middle, perSecond, SqsRig, text } from './sqs.ts';

/** A library that works one by one is given no more than it manages in some seconds. */
const SLOW_MESSAGES = 300;
const BATCHED_MESSAGES = 3000;
const FIXED = [1, 16, 64];
const AUTO = '4..64';

/** Receivers that tune themselves: against fixed numbers of them, and against the package sqs-consumer. */
export async function benchReceivers(rig: Rig, messages: number, rounds: number, tell: Tell): Promise<void> {
  const sqs = await startSqs();
  const proxy = await startSqsFaultProxyProcess(sqs.endpoint, { latencyMs: LATENCY_MS });
  try {
    const own = new SqsRig(rig, sqs, proxy.endpoint, await bundle('sqs-prototype'));
    for (const fixed of FIXED) await againstFixed(own, fixed, messages, rounds, tell);
    const script = await bundle('sqs-consumer');
    for (const batchSize of [1, 10]) await againstPackage(own, script, batchSize, messages, rounds, tell);
  } finally {
    await proxy.stop();
    await sqs.stop();
  }
}

async function againstFixed(
  rig: SqsRig,
  fixed: number,
  messages: number,
  rounds: number,
  tell: Tell,
): Promise<void> {
  const some = fixed === 1 ? Math.min(messages, BATCHED_MESSAGES) : messages;
  const runs = await paired(
    rounds,
    () => rig.qctl(AUTO, messages),
    () => rig.qctl(fixed, some),
  );
  tellRuns(tell, `sqs, receivers ${AUTO} vs ${fixed} fixed`, runs, null);
}

async function againstPackage(
  rig: SqsRig,
  script: string,
  batchSize: number,
  messages: number,
  rounds: number,
  tell: Tell,
): Promise<void> {
  const some = Math.min(messages, batchSize === 1 ? SLOW_MESSAGES : BATCHED_MESSAGES);
  const runs = await paired(
    rounds,
    () => rig.qctl(AUTO, messages),
    () => rig.program([script, String(batchSize), String(some)], some),
  );
  const how = batchSize === 1 ? 'as it comes (batchSize 1)' : `batchSize ${batchSize}`;
  tellRuns(
    tell,
    `sqs, receivers ${AUTO} vs sqs-consumer, ${how}`,
    runs,
    batchSize === 1 ? { atLeast: 10 } : null,
  );
}

function tellRuns(
  tell: Tell,
  name: string,
  runs: [Measured, Measured][],
  goal: { atLeast: number } | null,
): void {
  tell({
    name,
    ours: text(middle(runs.map(([run]) => run))),
    baseline: perSecond(median(runs.map(([, run]) => run.perSecond))),
    ratio: median(runs.map(([a, b]) => a.perSecond / b.perSecond)),
    goal,
    note: `${LATENCY_MS} ms of latency a call`,
  });
}
