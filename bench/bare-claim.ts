import type { Cluster, Redis } from 'ioredis';

const PAGE = 1000;
const IN_FLIGHT = 4;

/** XAUTOCLAIM in pages, several on their way at once: the ids are 1-0, 2-0, …, so that no cursor is waited for. */
export async function claimPages(redis: Redis | Cluster, to: string, entries: number): Promise<number> {
  let claimed = 0;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < entries) {
      const from = next + 1;
      next += PAGE;
      const args = ['claims', 'workers', to, 0, `${from}-0`, 'COUNT', PAGE, 'JUSTID'] as const;
      const [, ids] = (await redis.call('XAUTOCLAIM', ...args)) as [string, string[]];
      claimed += ids.length;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return claimed;
}
