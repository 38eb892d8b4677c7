import { QctlError } from '../errors.ts';

/** A side as an operator names it. */
export type NamedInput =
  | { kind: 'redis'; stream: string }
  /** Undefined: the PostgreSQL that the flags or the environment name. */
  | { kind: 'postgres'; source: string | undefined }
  | { kind: 'file'; path: string };

/** Reads `redis:STREAM`, `postgres:SOURCE`, `file:PATH`. Throws `usage` BAD_INPUT. */
export function parseInput(text: string): NamedInput {
  const [, kind, name = ''] = /^(redis|postgres|file):(.*)$/s.exec(text) ?? [];
  if (kind === 'redis' && name !== '') return { kind, stream: name };
  if (kind === 'postgres' && !name.startsWith('//')) return { kind, source: name === '' ? undefined : name };
  if (kind === 'file' && name !== '') return { kind, path: name };
  throw new QctlError('usage', `${kind === 'postgres' ? 'a URL' : text} is no side of a comparison`, {
    code: 'BAD_INPUT',
    hint: [
      'write redis:STREAM, postgres:SOURCE (a source of qctl.yaml) or file:PATH (- is stdin)',
      'URLs of servers are set by --redis-url and --postgres-url, or in qctl.yaml',
    ],
  });
}
