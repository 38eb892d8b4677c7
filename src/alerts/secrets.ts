import type { SecretSource } from '../config/schema.ts';
import { readConfiguredFile } from '../config/secrets.ts';
import { QctlError } from '../errors.ts';

/** What channels get from whoever sends. */
export interface SendWorld {
  /** Of programs that are run, and of `{ env: NAME }`. */
  env: Readonly<Record<string, string | undefined>>;
  /** Ends an attempt. */
  signal: AbortSignal;
}

/**
 * The secret itself, read each time so that a rotated one is found.
 *
 * @param field what it is for, as an error names it: `alerts.channels.ops.url`
 */
export async function readSecret(
  source: SecretSource,
  { env }: Pick<SendWorld, 'env'>,
  field: string,
): Promise<string> {
  if ('file' in source) return readSecretFile(source.file, field);
  const value = env[source.env];
  if (value) return value;
  throw new QctlError('config', `${field}: ${source.env} is not set`, {
    code: 'ALERT_SECRET_MISSING',
    hint: ['set the variable for qctl, or name a file'],
  });
}

/** What a file holds, without the line end behind it. Throws `config`, naming the field. */
export async function readSecretFile(path: string, field: string): Promise<string> {
  const secret = (await readConfiguredFile(path, field)).replace(/\r?\n$/, '');
  if (secret !== '') return secret;
  throw new QctlError('config', `${field}: ${path} is empty`, {
    code: 'ALERT_SECRET_MISSING',
    hint: ['put the secret there, and nothing else'],
  });
}

/** That somebody could not be told, without anything secret. */
export class SendFailed extends QctlError {
  /** The receiver asks for so much patience. */
  readonly retryAfterMs: number | undefined;

  constructor(channel: string, why: string, hint: string[], retryAfterMs?: number) {
    super('target', `cannot tell channel ${channel}: ${why}`, { code: 'ALERT_NOT_SENT', hint });
    this.name = 'SendFailed';
    this.retryAfterMs = retryAfterMs;
  }
}
