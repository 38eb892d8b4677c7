// What one would write without qctl: bare commands, pipelined, nothing checked and nothing shown.
import { Redis } from 'ioredis';
import { claimPages } from './bare-claim.ts';

const [what, url = '', count = '0'] = process.argv.slice(2);
const redis = new Redis(url);
const started = performance.now();
const done =
  what === 'claim' ? await claimPages(redis, 'bare', Number(count)) : await lookAtAll(Number(count));
process.stdout.write(`${JSON.stringify({ done, elapsedMs: performance.now() - started })}\n`);
redis.disconnect();

/** XINFO STREAM and XINFO GROUPS of each stream, all in one pipeline; the names are known. */
async function lookAtAll(streams: number): Promise<number> {
  const pipeline = redis.pipeline();
  for (let n = 0; n < streams; n += 1) {
    pipeline.xinfo('STREAM', `streams:${n}`);
    pipeline.xinfo('GROUPS', `streams:${n}`);
  }
  const replies = await pipeline.exec();
  return replies?.filter(([error]) => !error).length ?? 0;
}
