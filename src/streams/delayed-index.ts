import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { forgetStream } from '../backends/redis/scripts/forget-stream.ts';
import { DELAYED_INDEX } from '../model/keys.ts';
import { asking } from './asking.ts';
import { waitingFor } from './delayed.ts';

/** Whoever puts messages aside announces it anew each minute. */
const FORGOTTEN_AFTER_MS = 86_400_000;

/**
 * Takes a stream out of the index that nothing waits for and that was not announced for a day. Nothing may
 * be put aside in between: see `src/sinks/delayed-rows.ts`.
 *
 * @param nowMs the server's time
 * @returns whether it was
 */
export async function forgetIfIdle(redis: RedisConnection, stream: string, nowMs: number): Promise<boolean> {
  const doing = `forget that messages waited for stream ${stream}`;
  const announced = await asking(redis, doing, () => redis.client.zscore(DELAYED_INDEX, stream));
  if (announced === null || Number(announced) > nowMs - FORGOTTEN_AFTER_MS) return false;
  if ((await waitingFor(redis, stream)).waiting > 0) return false;
  // Only where nobody has announced it since.
  const forgotten = await asking(redis, doing, () =>
    runScript(redis.client, forgetStream, [DELAYED_INDEX], [stream, announced]),
  );
  return forgotten === 1;
}
