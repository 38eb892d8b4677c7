import type { Redis } from 'ioredis';
import { hostPort } from '../../backends/redis/label.ts';

/** Where a connection leads. */
export interface Address {
  /** As it was asked for; undefined where Sentinel gave it, or where it is a socket of this host. */
  host: string | undefined;
  /** What the name has become; undefined without a connection. */
  peer: string | undefined;
  /** `host:port`, or the path of a socket. */
  shown: string;
}

export function addressOf(node: Redis): Address {
  const { host, port, path, sentinels } = node.options;
  const { remoteAddress: peer, remotePort } = (node.stream ?? {}) as {
    remoteAddress?: string;
    remotePort?: number;
  };
  if (path) return { host: undefined, peer: undefined, shown: path };
  // ioredis fills in localhost where Sentinel knows the host.
  const asked = sentinels ? undefined : host;
  const shown = hostPort({ host: asked ?? peer ?? '', port: (sentinels ? remotePort : port) ?? 6379 });
  return { host: asked, peer, shown };
}
