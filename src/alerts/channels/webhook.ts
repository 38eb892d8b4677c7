import { createHmac } from 'node:crypto';
import type { WebhookConfig } from '../../config/alert-schema.ts';
import { QctlError } from '../../errors.ts';
import { fillBody } from '../body.ts';
import { type AlertMessage, placeholderValues } from '../message.ts';
import type { Channel } from '../rule.ts';
import { readSecret, readSecretFile, type SendWorld } from '../secrets.ts';
import { post, urlOf } from './post.ts';

type Webhook = WebhookConfig & Channel;

/** Sends the message as JSON, or the body that the channel describes. */
export async function tellWebhook(channel: Webhook, message: AlertMessage, world: SendWorld): Promise<void> {
  const url = await urlOf(channel, world);
  const given = await headersOf(channel, world);
  const body = JSON.stringify(
    channel.body === undefined
      ? message
      : fillBody(channel.body, channel.templates, placeholderValues(message)),
  );
  const seconds = Math.floor(Date.now() / 1000);
  const key = await keyOf(channel);
  const headers = {
    ...given,
    'webhook-id': message.id,
    'webhook-timestamp': String(seconds),
    ...(key && { 'webhook-signature': signature(key, message.id, seconds, body) }),
  };
  await post(channel, url, headers, body, world, Object.values(given));
}

/** As Standard Webhooks has it: HMAC-SHA256 over id, time and body, in base64. */
export function signature(key: Buffer, id: string, seconds: number, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}

const PREFIX = 'whsec_';

async function keyOf({ name, secretFile }: Webhook): Promise<Buffer | undefined> {
  if (secretFile === undefined) return undefined;
  const secret = await readSecretFile(secretFile, `alerts.channels.${name}.secretFile`);
  return secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret);
}

async function headersOf({ name, headers }: Webhook, world: SendWorld): Promise<Record<string, string>> {
  const read: Record<string, string> = {};
  for (const [header, value] of Object.entries(headers)) {
    const field = `alerts.channels.${name}.headers.${header}`;
    const text = typeof value === 'string' ? value : await readSecret(value, world, field);
    // What Node says of such a value repeats it.
    if (/[^\t\x20-\x7e\x80-\xff]/.test(text)) throw unfit(field);
    read[header.toLowerCase()] = text;
  }
  return read;
}

function unfit(field: string): QctlError {
  return new QctlError('config', `${field}: it holds what no header can carry`, {
    code: 'ALERT_HEADER',
    hint: ['look for line feeds and letters beyond Latin-1'],
  });
}
