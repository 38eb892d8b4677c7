import type { RouteChangeRecord, RouteLook } from './record.ts';
import type { RouteRules } from './route.ts';

/** What is to stand in a store from now on. */
export interface RouteWrite {
  /** What was looked at: where something else stands there by now, nothing is written. */
  seen: RouteLook;
  /** Null removes the route. */
  rules: RouteRules | null;
  /** `user@host`. */
  by: string;
  reason: string | null;
}

/**
 * Where routes are kept: Redis, or a file of feature flags. Every method throws a QctlError that names the store; what
 * fails may be asked for again. A write that got no answer may have been carried out.
 */
export interface RouteStore {
  /** `redis://localhost:6379/0`, `flags.yaml`. No secret. */
  readonly label: string;
  look(name: string): Promise<RouteLook>;
  /** Names of the routes that there are, sorted. */
  list(): Promise<string[]>;
  /** One step: all of it or nothing. What stands there afterwards; undefined where somebody was faster. */
  write(name: string, write: RouteWrite): Promise<RouteLook | undefined>;
  /** The newest first; a file knows the last change alone. */
  history(name: string, limit: number): Promise<RouteChangeRecord[]>;
}
