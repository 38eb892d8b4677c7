import { object, oneOf, type Schema, text } from './types.ts';

const MOST_REASON = 300;

const reason: Schema = {
  type: 'string',
  maxLength: MOST_REASON,
  pattern: '\\S',
  description: 'why, for those who look later',
};

/** What an action is sent with. */
function action(more: Record<string, Schema> = {}): Schema {
  return {
    type: 'object',
    properties: { reason, ...more },
    required: ['reason'],
    additionalProperties: false,
  };
}

export const BREAKER_ACTION = action({
  mode: { ...oneOf('open', 'closed', 'disabled', 'observe'), description: 'of hold' },
  for: {
    ...text,
    description: 'how long it is tripped or held: 30s, 10m, 2h. A hold without an end given is for 24h',
  },
  until: { ...text, description: 'when a hold ends, RFC 3339; released: not by itself' },
});

export const RUN_ACTION = action();

export const CUTOVER_ACTION = action({
  step: { ...text, description: 'of approve: the step' },
});

export const ACTED = object(
  { audit: { ...text, description: 'id of its entry in qctl:audit' }, verb: text, object: text },
  'it was done',
);
