import { resolve } from 'node:path';
import type { SecretSource } from '../config/schema.ts';
import { resolveSecret } from '../config/secrets.ts';
import { QctlError } from '../errors.ts';
import type { MetricDoors } from './metric.ts';

/**
 * The secret itself, read each time so that a rotated one is found.
 *
 * @param field what it is for, as an error names it: `headers.authorization`
 */
export async function readSecret(
  source: SecretSource,
  { env, cwd = '' }: MetricDoors,
  field: string,
): Promise<string> {
  const secret = 'env' in source ? env[source.env] : await readFile(resolve(cwd, source.file), field);
  if (!secret) throw missing(field, 'env' in source ? `${source.env} is not set` : 'the file is empty');
  // What Node says of such a value repeats it.
  if (/[^\t\x20-\x7e\x80-\xff]/.test(secret)) throw missing(field, 'it holds what no header can carry');
  return secret;
}

function readFile(path: string, field: string): Promise<string | undefined> {
  return resolveSecret({ passwordFile: path }, field);
}

function missing(field: string, why: string): QctlError {
  return new QctlError('config', `${field}: ${why}`, {
    code: 'METRIC_SECRET_MISSING',
    hint: ['set the variable, or name a file that this user may read'],
  });
}
