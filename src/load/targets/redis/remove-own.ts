import type { RedisConnection } from '../../../backends/redis/index.ts';

const PAGE = 1000;

/** Takes the groups and the entries of a run out of a stream that is somebody else's. */
export async function removeOwn(
  { client }: RedisConnection,
  stream: string,
  run: string,
  afterId: string,
  groups: Iterable<string>,
): Promise<void> {
  for (const group of groups) await client.xgroup('DESTROY', stream, group);
  for (let from = `(${afterId}`; ; ) {
    const page = await client.xrange(stream, from, '+', 'COUNT', PAGE);
    const own = page.filter(([, fields]) => fields[0] === 'id' && fields[1]?.startsWith(`${run}-`));
    if (own.length > 0) await client.xdel(stream, ...own.map(([id]) => id));
    if (page.length < PAGE) return;
    from = `(${page.at(-1)![0]}`;
  }
}
