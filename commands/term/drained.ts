import { once } from 'node:events';
import type { Output } from './io.ts';

/**
 * Waits until the reader of a stream has caught up, so that what is printed does not pile up in memory.
 * Also ends where the stream is closed or fails: the output knows why by then.
 */
export async function drained({ stream, closed }: Output): Promise<void> {
  if (closed || !stream.writableNeedDrain) return;
  const over = new AbortController();
  const { signal } = over;
  await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })]).catch(
    () => undefined,
  );
  over.abort();
}
