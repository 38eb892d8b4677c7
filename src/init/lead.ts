import type { Environment } from '../config/environment.ts';

/** What can be found. */
export type LeadKind = 'redis' | 'postgres' | 'sqs';

/** What points at a server, and has not been tried yet. */
export interface Lead {
  kind: LeadKind;
  /** What says so: `REDIS_URL`, `.env: DATABASE_URL`, `compose.yaml: cache`, `port 6379`. */
  from: string;
  /**
   * What stands in `qctl.yaml` for it: `redis:` of a profile, or the part of a source that names the server. Secrets
   * are `${NAME}`. Empty where qctl takes the server from the environment by itself (PGHOST and its like).
   */
  written: Readonly<Record<string, unknown>>;
  /** What fills it in while it is tried. Holds secrets: neither kept nor shown. */
  values: Environment;
  /** Where variables of `written` are to be had that the environment does not set: `.env`, `compose.yaml`. */
  kept?: string;
}

/** The names that stand as `${NAME}` somewhere in a value. */
export function namesIn(written: unknown): string[] {
  const text = JSON.stringify(written) ?? '';
  return [...new Set([...text.matchAll(/(?<!\$)\$\{([A-Za-z_]\w*)\}/g)].map(([, name]) => name!))];
}

/** A reference as it stands in `qctl.yaml`. */
export function reference(name: string): string {
  return `\${${name}}`;
}

/** A text that stands in `qctl.yaml` as it is. */
export function literal(text: string): string {
  return text.replaceAll('${', '$${');
}
