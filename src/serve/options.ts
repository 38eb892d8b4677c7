import type { RedisConnection } from '../backends/redis/index.ts';
import type { CutoverHost } from '../cutover/index.ts';
import type { GivenSettings } from '../model/breaker-settings.ts';
import type { Overview, Seen } from '../overview/index.ts';
import type { Credentials } from './access/credentials.ts';
import type { Acted } from './actions/audit.ts';
import type { ListenAddress } from './address.ts';
import type { Assets } from './assets.ts';

/** What the server shows, and what it acts on. */
export interface ServerParts {
  /** Not closed by the server. */
  overview: Overview;
  /** Of qctl: `1.2.3`. */
  version: string;
  /** What Prometheus reads of the newest look, and of how many watch. Asked for once a look at most. */
  metrics(seen: Seen, viewers: number): string | Promise<string>;
  /** The page; none: there is an API and no page. */
  assets: Assets;
  /** Without it nobody may act. */
  actions?: ActionParts;
  events?: ServerEvents;
}

/** What actions need. Each door is opened when somebody acts. */
export interface ActionParts {
  redis(): Promise<RedisConnection>;
  cutovers(): Promise<CutoverHost>;
  /** Breakers of the configuration: one that Redis does not know yet gets these settings. */
  breakers: Readonly<Record<string, GivenSettings>>;
}

/** What the server tells while it runs. */
export interface ServerEvents {
  /** Somebody has acted, or could not. */
  acted?(acted: Acted): void;
  /** Something is wrong with the program itself. */
  failed?(error: unknown): void;
}

/** How {@link startServer} serves. */
export interface ServerOptions {
  /** Default 127.0.0.1:8090. */
  listen?: ListenAddress;
  /** Names, with or without a port, under which it may be called besides its address. */
  hosts?: readonly string[];
  /** Undefined: everybody who reaches it may look, which is refused beyond this machine. */
  credentials?: Credentials;
  /** Connections over which somebody watches. Default 1000. */
  maxViewers?: number;
  /** Whoever is silent for three of these is let go of. Default 10 s. */
  pingMs?: number;
}

/** A server that listens. */
export interface RunningServer {
  /** `http://127.0.0.1:8090` */
  url: string;
  /** Tells the viewers, ends all connections and lets go of the port. May be called twice. */
  close(): Promise<void>;
}
