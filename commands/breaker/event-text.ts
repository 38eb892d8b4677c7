import type { BreakerEvent } from '../../src/breaker/index.ts';
import {
  BREAKER_SETTINGS,
  formatSetting,
  SETTING_KEYS,
  type SettingKey,
} from '../../src/model/breaker-settings.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { printable, visibleWidth, wrap } from '../term/text.ts';
import { secondText } from './standing-text.ts';
import { causeText } from './wording.ts';

/** What happened, who did it and why, as a clause. */
export function eventText(event: BreakerEvent): string {
  const tell = TELLERS[event.type];
  return tell ? tell(event) : [event.type, event.detail].filter(Boolean).join(': ');
}

const TELLERS: Record<string, (event: BreakerEvent) => string> = {
  transition: (event) => {
    const why = causeText(event);
    const observed = event.observed ? ' (observed, nobody was rejected)' : '';
    if (event.from === event.to) return `${event.to}, as it was${why && `: ${why}`}${seenBy(event)}`;
    return `${event.from} -> ${event.to}${observed}${why && `: ${why}`}${seenBy(event)}`;
  },
  hold: ({ mode, untilMs, ...event }) => {
    const until = untilMs === null ? 'until released' : `until ${secondText(untilMs)}`;
    return `held ${mode} ${until}${byWhom(event)}`;
  },
  release: ({ mode, ...event }) => `released, was held ${mode}${byWhom(event)}`,
  lapse: ({ mode, untilMs, ...event }) => {
    const end = untilMs === null ? '' : ` at ${secondText(untilMs)}`;
    return `override ended${end}, was held ${mode}${byWhom(event)}`;
  },
  set: (event) => `set ${settingsText(event.settings)}${byWhom(event)}`,
  declare: (event) => `declared ${settingsText(event.settings)}${byWhom(event)}`,
  restore: (event) => `restored: ${event.detail ?? ''}${seenBy(event)}`,
  forget: (event) => `forgotten: ${event.detail ?? ''}`,
};

function byWhom({ by, host, reason }: Pick<BreakerEvent, 'by' | 'host' | 'reason'>): string {
  const who = by === null ? '' : ` by ${by}${host === null ? '' : `@${host}`}`;
  return `${who}${reason === null ? '' : `: ${reason}`}`;
}

function seenBy({ instance }: BreakerEvent): string {
  return instance === null ? '' : ` (seen by ${instance})`;
}

/** The settings of an event: `openMs=5000 windowMs=-`; null where one was given back. */
export function settingsOfEvent(text: string): Record<string, number | null> {
  const pairs = text
    .split(' ')
    .filter(Boolean)
    .map((pair) => pair.split('=') as [string, string]);
  return Object.fromEntries(pairs.map(([key, value]) => [key, value === '-' ? null : Number(value)]));
}

function settingsText(text: string | null): string {
  const parts = Object.entries(settingsOfEvent(text ?? '')).map(([key, value]) => {
    if (value === null || !isSetting(key))
      return `${isSetting(key) ? BREAKER_SETTINGS[key].name : key}=${value ?? '-'}`;
    return `${BREAKER_SETTINGS[key].name}=${formatSetting(key, value)}`;
  });
  return parts.join(' ') || 'the defaults';
}

function isSetting(key: string): key is SettingKey {
  return (SETTING_KEYS as string[]).includes(key);
}

/** One line, or on a narrow terminal one that goes on a little further in; ends with a newline. */
export function eventLine(output: Output, event: BreakerEvent): string {
  return lineOf(output, event.atMs, event.breaker, eventText(event), paintOf(event));
}

/** What a line is painted in. */
export type Paint = 'red' | 'yellow' | 'green' | undefined;

function paintOf({ type, to, mode, observed }: BreakerEvent): Paint {
  if (type === 'hold') return mode === 'open' ? 'red' : 'yellow';
  if (type !== 'transition') return undefined;
  if (observed || to === 'half-open') return 'yellow';
  return to === 'open' ? 'red' : 'green';
}

const INDENT = '  ';

/** Time, breaker and a clause. */
export function lineOf(output: Output, atMs: number, breaker: string, clause: string, paint: Paint): string {
  const [time, name, text] = [secondText(atMs), printable(breaker), printable(clause)];
  const colour = colourOf(output);
  const shown = (part: string) => (paint ? colour[paint](part) : part);
  const head = `${colour.dim(time)}  ${colour.bold(name)}  `;
  const room = output.columns - visibleWidth(`${time}  ${name}  `);
  if (visibleWidth(text) <= room) return `${head}${shown(text)}\n`;
  const below = wrap(text, Math.max(1, output.columns - INDENT.length)).split('\n');
  const named = visibleWidth(`${time}  ${name}`) <= output.columns;
  const whose = wrap(name, output.columns - INDENT.length).replaceAll('\n', `\n${INDENT}`);
  const first = named ? head.trimEnd() : `${colour.dim(time)}\n${INDENT}${colour.bold(whose)}`;
  return `${first}\n${below.map((part) => `${INDENT}${shown(part)}\n`).join('')}`;
}
