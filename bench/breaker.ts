import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { tieToThisProcess } from '../test/support/orphans.ts';
import { median, type Tell } from './result.ts';
import type { Rig } from './rig.ts';

const CHILD = fileURLToPath(new URL('./breaker-child.mjs', import.meta.url));
const MOST_OVERHEAD_NS = 2000;
const MOST_COMMANDS = 50;

type Round = Record<'bare' | 'ours' | 'timed' | 'opossum', number>;

/** A shared breaker against opossum, which shares nothing: what a call costs, and what Redis is asked. */
export async function benchBreaker(rig: Rig, rounds: number, tell: Tell): Promise<void> {
  const child = spawn(process.execPath, [CHILD, rig.redis.url, String(Math.max(5, rounds))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  tieToThisProcess(child.pid);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async <T>() => JSON.parse((await lines.next()).value as string) as T;
  tellOverhead(tell, (await next<{ rounds: Round[] }>()).rounds);
  const before = await commands(rig);
  child.stdin.write('go\n');
  const { calls, ms } = await next<{ calls: number; ms: number }>();
  const perSecond = ((await commands(rig)) - before) / (ms / 1000);
  child.stdin.write('end\n');
  tell({
    name: 'breaker: commands of Redis',
    ours: `${perSecond.toFixed(0)}/s, those inside scripts counted`,
    baseline: `${MOST_COMMANDS}/s at ${Math.round((calls / ms) * 1000).toLocaleString('en-GB')} calls/s`,
    ratio: perSecond / MOST_COMMANDS,
    goal: { atMost: 1 },
  });
}

function tellOverhead(tell: Tell, rounds: Round[]): void {
  const over = (way: keyof Round) => median(rounds.map((round) => round[way] - round.bare));
  const ns = (value: number) => `${Math.round(value).toLocaleString('en-GB')} ns`;
  for (const [way, what] of [
    ['ours', 'execute'],
    ['timed', 'execute with slow calls watched'],
  ] as const) {
    const ours = `${ns(over(way))} over the bare call`;
    const name = `breaker: ${what}`;
    const against = median(rounds.map((round) => (round[way] - round.bare) / (round.opossum - round.bare)));
    tell({ name, ours, baseline: `opossum ${ns(over('opossum'))}`, ratio: against, goal: { atMost: 1 } });
    tell({
      name,
      ours,
      baseline: ns(MOST_OVERHEAD_NS),
      ratio: over(way) / MOST_OVERHEAD_NS,
      goal: { atMost: 1 },
    });
  }
}

async function commands({ client }: Rig): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))![1]);
}
