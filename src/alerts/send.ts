import { redactText } from '../config/redact.ts';
import { isQctlError } from '../errors.ts';
import { tellCommand } from './channels/command.ts';
import { tellMail } from './channels/mail.ts';
import { tellSlack } from './channels/slack.ts';
import { tellWebhook } from './channels/webhook.ts';
import type { AlertMessage } from './message.ts';
import type { Channel } from './rule.ts';
import { SendFailed, type SendWorld } from './secrets.ts';

/** What became of one attempt. */
export interface SendOutcome {
  /** Null: it was accepted. */
  error: string | null;
  hint: string[];
  /** It was accepted, and not wholly. */
  note?: string;
  retryAfterMs?: number;
}

/** Tells one channel, once. Rejects only where the signal has ended it. */
export async function send(channel: Channel, message: AlertMessage, world: SendWorld): Promise<SendOutcome> {
  try {
    const note = await tell(channel, message, world);
    return { error: null, hint: [], ...(note !== undefined && { note }) };
  } catch (error) {
    world.signal.throwIfAborted();
    if (error instanceof SendFailed)
      return { error: error.message, hint: error.hint, retryAfterMs: error.retryAfterMs };
    if (isQctlError(error)) return { error: error.message, hint: error.hint };
    return { error: redactText(error instanceof Error ? error.message : String(error)), hint: [] };
  }
}

function tell(channel: Channel, message: AlertMessage, world: SendWorld): Promise<string | undefined> {
  switch (channel.kind) {
    case 'slack':
      return tellSlack(channel, message, world).then(nothingMore);
    case 'webhook':
      return tellWebhook(channel, message, world).then(nothingMore);
    case 'mail':
      return tellMail(channel, message, world);
    case 'command':
      return tellCommand(channel, message, world).then(nothingMore);
  }
}

function nothingMore(): undefined {
  return undefined;
}
