import type { HostPort } from './options.ts';

/** `host:port`, with brackets around an IPv6 address. */
export function hostPort({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** `redis://user@host:6379/0`: what may be shown of a server. Never a password. */
export function standaloneLabel(at: {
  host?: HostPort;
  path?: string;
  username?: string;
  db: number;
  tls?: unknown;
}): string {
  const user = at.username && at.username !== 'default' ? `${encodeURIComponent(at.username)}@` : '';
  if (!at.host) return `unix://${user}${at.path ?? ''}?db=${at.db}`;
  return `${at.tls ? 'rediss' : 'redis'}://${user}${hostPort(at.host)}/${at.db}`;
}

/** `sentinel://name@host:26379,host:26379/0`. */
export function sentinelLabel(name: string, hosts: HostPort[], db: number): string {
  return `sentinel://${encodeURIComponent(name)}@${hosts.map(hostPort).join(',')}/${db}`;
}

/** `cluster://host:7000,host:7001`: the nodes that were named, not all there are. */
export function clusterLabel(nodes: HostPort[]): string {
  return `cluster://${nodes.map(hostPort).join(',')}`;
}
