import type { SlackConfig } from '../../config/alert-schema.ts';
import { type AlertMessage, factLines, headline } from '../message.ts';
import type { SendWorld } from '../secrets.ts';
import { post, urlOf } from './post.ts';

const COLOURS = { info: '#2f81f7', warning: '#d29922', critical: '#da3633' } as const;
const GREEN = '#2da44e';
const GREY = '#6e7781';

/** Slack refuses a text of a section above 3000 characters. */
const MOST_TEXT = 2500;
const MOST_FACT = 600;

/** Tells a channel of Slack by its incoming webhook. */
export async function tellSlack(
  channel: SlackConfig & { name: string },
  message: AlertMessage,
  world: SendWorld,
): Promise<void> {
  const url = await urlOf(channel, world);
  await post(channel, url, {}, JSON.stringify(slackBody(message)), world);
}

/** What Slack is sent: one attachment with a colour; nothing in it is read as a mention or a link. */
export function slackBody(message: AlertMessage): object {
  const title = escapeSlack(headline(message), MOST_TEXT);
  const facts = factLines(message).map(([name, value]) => `${name}: ${escapeSlack(value, MOST_FACT)}`);
  return {
    text: title,
    attachments: [
      {
        color: colourOf(message),
        fallback: title,
        blocks: [
          section(`*${title}*`),
          ...(message.description ? [section(escapeSlack(message.description, MOST_TEXT))] : []),
          { type: 'context', elements: [mrkdwn(facts.join('\n'))] },
        ],
      },
    ],
  };
}

function colourOf({ state, severity }: AlertMessage): string {
  if (state === 'test') return GREY;
  return state === 'resolved' ? GREEN : COLOURS[severity];
}

function section(text: string): object {
  return { type: 'section', text: mrkdwn(text) };
}

/** `verbatim`: names and addresses in it are made no links. */
function mrkdwn(text: string): object {
  return { type: 'mrkdwn', text, verbatim: true };
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** A text that is shown as it is. `<!channel>` would call everybody; an entity is never cut in two. */
export function escapeSlack(text: string, most: number): string {
  let escaped = '';
  for (const character of text) {
    const next = ENTITIES[character] ?? character;
    if (escaped.length + next.length > most) return `${escaped}…`;
    escaped += next;
  }
  return escaped;
}
