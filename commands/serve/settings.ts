import type { ServeConfig } from '../../src/config/serve-schema.ts';
import { DEFAULT_LISTEN, type ListenAddress, parseListen } from '../../src/serve/index.ts';
import type { ServeFlags } from '../serve.ts';

/** How it is served. */
export interface ServeSettings {
  listen: ListenAddress;
  hosts: readonly string[];
  tokenFile?: string;
  basicAuthFile?: string;
  intervalMs?: number;
  match?: string;
  allowActions: boolean;
  consumers: boolean;
}

/** Flags stand above qctl.yaml; further names are all those of both. Throws for an address that cannot be meant. */
export function settingsOf(flags: ServeFlags, config: ServeConfig): ServeSettings {
  return {
    listen: listenOf(flags, config),
    hosts: [...(config.hosts ?? []), ...(flags.host ?? [])],
    tokenFile: flags.tokenFile ?? config.tokenFile,
    basicAuthFile: flags.basicAuthFile ?? config.basicAuthFile,
    intervalMs: flags.interval ?? config.interval,
    match: flags.match,
    allowActions: flags.allowActions ?? config.allowActions ?? false,
    consumers: flags.consumers ?? false,
  };
}

function listenOf({ listen }: ServeFlags, config: ServeConfig): ListenAddress {
  if (listen !== undefined) return parseListen(listen, '--listen');
  return config.listen === undefined ? DEFAULT_LISTEN : parseListen(config.listen, 'serve.listen');
}
