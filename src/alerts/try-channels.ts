import { randomBytes } from 'node:crypto';
import type { AlertMessage, Sender } from './message.ts';
import type { Channel } from './rule.ts';
import type { SendWorld } from './secrets.ts';
import { send } from './send.ts';

/** What became of a test message. */
export interface ChannelTrial {
  channel: string;
  kind: Channel['kind'];
  ok: boolean;
  tookMs: number;
  error: string | null;
  /** It was accepted, and not wholly. */
  note: string | null;
  hint: string[];
}

/** Sends a test message to each of these channels, once. */
export function tryChannels(
  channels: readonly Channel[],
  sender: Sender,
  world: SendWorld,
): Promise<ChannelTrial[]> {
  const message = testMessage(sender);
  return Promise.all(
    channels.map(async (channel) => {
      const from = performance.now();
      const { error, hint, note = null } = await send(channel, message, world);
      const tookMs = Math.round(performance.now() - from);
      return { channel: channel.name, kind: channel.kind, ok: error === null, tookMs, error, note, hint };
    }),
  );
}

function testMessage({ host, profile }: Sender): AlertMessage {
  const at = new Date().toISOString();
  const incident = `test-${randomBytes(4).toString('hex')}`;
  return {
    type: 'alert',
    id: `${incident}/1`,
    incident,
    rule: 'test',
    metric: 'test',
    kind: 'test',
    state: 'test',
    severity: 'info',
    summary: `alerts of qctl on ${host} arrive here`,
    description: 'Nothing is wrong: somebody wanted to see whether messages arrive.',
    value: null,
    baseline: null,
    why: 'this is a test',
    with: {},
    since: at,
    resolvedAt: null,
    lastedMs: 0,
    repeats: 0,
    at,
    host,
    profile,
  };
}
