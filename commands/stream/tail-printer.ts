import type { EntryNames } from '../../src/config/streams.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { bytesToJson, type Field, fieldOf, fieldsToJson, type JsonBytes } from '../../src/model/entry.ts';
import { streamIdTimeMs } from '../../src/model/stream-id.ts';
import type { EntryState } from '../../src/streams/index.ts';
import type { OutputFormat } from '../flags.ts';
import { colourOf } from '../term/colour.ts';
import { formatEntryFields, formatEntryLine } from '../term/entry.ts';
import type { Output } from '../term/io.ts';
import { formatJson } from '../term/json.ts';
import { formatNdjson } from '../term/ndjson.ts';
import { timesText } from '../term/number.ts';
import { printable, visibleWidth } from '../term/text.ts';
import { formatYaml } from '../term/yaml.ts';
import type { ShownEntry } from './read-tail.ts';

/** Prints entries one by one, so that a million of them need no memory. */
export interface TailPrinter {
  head: string;
  /** @param at how many came before */
  entry(entry: ShownEntry, at: number): string;
  foot(count: number): string;
}

/** How a person wants to read them. */
export interface TailStyle {
  /** A line each. */
  compact?: boolean;
  full?: boolean;
  /** Only these fields. */
  field?: readonly string[];
  /** There are several streams: each entry says whose it is. */
  several: boolean;
}

/** The printer for a format. */
export function printerOf(format: OutputFormat, output: Output, style: TailStyle): TailPrinter {
  const toJson = (entry: ShownEntry) => jsonOf(entry, style.field !== undefined);
  if (format === 'ndjson') {
    const entry = (shown: ShownEntry) => formatNdjson({ type: 'entry', ...toJson(shown) });
    return { head: '', entry, foot: () => '' };
  }
  if (format === 'json') return jsonPrinter(toJson);
  if (format === 'yaml') return yamlPrinter(toJson);
  const line = style.compact ? compactText : blockText;
  return { head: '', entry: (entry, at) => line(output, entry, style, at), foot: () => '' };
}

/** As `renderResult` prints a list. */
function jsonPrinter(toJson: (entry: ShownEntry) => object): TailPrinter {
  return {
    head: '{\n  "type": "entry-list",\n  "items": [',
    entry: (entry, at) => `${at === 0 ? '' : ','}\n${indented(formatJson(toJson(entry)), 4)}`,
    foot: (count) => (count === 0 ? ']\n}\n' : '\n  ]\n}\n'),
  };
}

function yamlPrinter(toJson: (entry: ShownEntry) => object): TailPrinter {
  return {
    head: 'type: entry-list\nitems:',
    entry: (entry) => `\n${indented(formatYaml([toJson(entry)]), 2)}`,
    foot: (count) => (count === 0 ? ' []\n' : '\n'),
  };
}

/** Not with a regular expression: it takes other signs in a text for ends of lines, too. */
function indented(text: string, blanks: number): string {
  const lines = text.replace(/\n$/, '').split('\n');
  return lines.map((line) => (line === '' ? line : `${' '.repeat(blanks)}${line}`)).join('\n');
}

/** What a script gets. With chosen fields these alone. */
function jsonOf({ stream, id, fields, settings, state }: ShownEntry, chosen: boolean): object {
  return {
    stream,
    id,
    at: timeOf(id),
    ...state,
    fields: fieldsToJson(fields),
    ...(!chosen && namedOf(fields, settings.entry)),
  };
}

function namedOf(fields: readonly Field[], names: EntryNames): Record<string, JsonBytes | number | null> {
  const value = (name: string): JsonBytes | null => {
    const bytes = fieldOf(fields, name);
    return bytes === undefined ? null : bytesToJson(bytes);
  };
  const retries = value(names.retryCount);
  return {
    body: value(names.body),
    messageType: value(names.type),
    priority: value(names.priority),
    retryCount: typeof retries === 'string' && /^\d{1,15}$/.test(retries) ? Number(retries) : null,
    correlationId: value(names.correlationId),
  };
}

function timeOf(id: string): string | null {
  const ms = streamIdTimeMs(id);
  return ms === null ? null : new Date(ms).toISOString();
}

function blockText(output: Output, entry: ShownEntry, { full, several }: TailStyle, at: number): string {
  const fields = formatEntryFields(output, entry.fields, { full, rest: '--full shows all of it' });
  return `${at === 0 ? '' : '\n'}${headText(output, entry, several)}\n${fields}`;
}

function compactText(output: Output, entry: ShownEntry, { full, several }: TailStyle): string {
  const head = headText(output, entry, several);
  const width = full ? Number.POSITIVE_INFINITY : Math.max(0, output.columns - visibleWidth(head) - 2);
  return `${head}  ${formatEntryLine(output, entry.fields, width)}\n`;
}

function headText(output: Output, { id, stream, state }: ShownEntry, several: boolean): string {
  const colour = colourOf(output);
  const parts = [colour.bold(id), colour.dim(timeOf(id) ?? '')];
  if (several) parts.push(colour.cyan(printable(stream)));
  if (state) parts.push(stateText(output, state));
  return parts.filter((part) => part !== '').join('  ');
}

function stateText(output: Output, state: EntryState): string {
  const colour = colourOf(output);
  if (state.state !== 'pending')
    return state.state === 'undelivered' ? 'undelivered' : colour.dim('acknowledged');
  const { consumer, idleMs, deliveries } = state;
  return colour.yellow(
    `pending with ${printable(consumer)}, delivered ${timesText(deliveries)}, ${formatDuration(idleMs)} ago`,
  );
}
