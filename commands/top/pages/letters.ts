import { formatBytes } from '../../../src/model/bytes.ts';
import { shellWord } from '../../../src/model/shell-word.ts';
import type { OpenedLetter } from '../../../src/overview/index.ts';
import { formatEntryFields } from '../../term/entry.ts';
import { formatFields } from '../../term/table.ts';
import { printable, wrapLines } from '../../term/text.ts';
import { ageColumn, countColumn, since } from '../cells.ts';
import type { Place } from '../place.ts';
import { type Detail, type Scene, sized } from '../scene.ts';
import { type Table, type Text, type TopColumn, tableOf, textOf } from '../table.ts';

/** So many of the newest are listed. */
export const MOST_LETTERS = 200;

/** The newest dead letters of a dead-letter stream. */
export function lettersPage({ snapshot }: Scene, stream: string, detail: Detail | undefined): Table {
  const columns: TopColumn<OpenedLetter>[] = [
    { head: 'ID', rank: 0, least: 20, text: ({ id }) => id },
    ageColumn({ head: 'AGE', rank: 1 }, ({ diedAt }) => since(diedAt, snapshot)),
    { head: 'REASON', rank: 2, least: 14, text: ({ reason }) => reason, order: ({ reason }) => reason },
    countColumn({ head: 'DELIVERIES', short: 'DELIV', rank: 3 }, ({ deliveries }) => deliveries),
    {
      head: 'SIZE',
      rank: 5,
      align: 'right',
      text: ({ payloadBytes }) => formatBytes(payloadBytes),
      order: ({ payloadBytes }) => payloadBytes,
    },
    { head: 'FIELDS', rank: 4, least: 12, text: fieldsText },
  ];
  return tableOf({
    columns,
    rows: detail?.letters ?? [],
    key: ({ id }) => id,
    open: ({ id }): Place => ({ kind: 'letter', stream, id }),
    empty: emptyText(detail),
  });
}

function emptyText(detail: Detail | undefined): string {
  if (detail === undefined) return 'looking …';
  return detail.why === undefined ? 'there are no dead letters' : `unknown: ${detail.why}`;
}

/** The start of it: a row is a line. */
const MOST_SHOWN = 300;

function fieldsText({ fields }: OpenedLetter): string {
  const parts = Object.entries(fields).map(([name, value]) => `${name}=${value.slice(0, MOST_SHOWN)}`);
  return parts.join('  ').slice(0, MOST_SHOWN);
}

/** One dead letter as a whole. */
export function letterPage({ output }: Scene, stream: string, id: string, detail: Detail | undefined): Text {
  const letter = detail?.letter;
  if (!letter) return { kind: 'text', lines: [noLetterText(id, detail)] };
  const { reason, diedAt, deliveries, fields, base64, payloadBytes, cut } = letter;
  const head = formatFields(output, [
    ['id', id],
    ['in', letter.stream],
    ['reason', reason],
    ['died', diedAt],
    ['deliveries', deliveries],
    ['size', formatBytes(payloadBytes)],
    ...(cut.length === 0
      ? []
      : [
          [
            'cut',
            `${cut.join(', ')}: qctl dlq show ${shellWord(stream)} ${id} -o json shows all of it`,
          ] as const,
        ]),
  ]);
  const pairs = Object.entries(fields).map(([name, value]): [Buffer, Buffer] => [
    Buffer.from(name),
    Buffer.from(value, base64.includes(name) ? 'base64' : 'utf8'),
  ]);
  // Without colours: lines are broken wherever they end.
  const plain = sized(output, { columns: output.columns, colour: false });
  const body = formatEntryFields(plain, pairs, { full: true });
  return textOf(`${head}\n${wrapLines(body, output.columns)}`);
}

function noLetterText(id: string, detail: Detail | undefined): string {
  if (detail?.why !== undefined) return `unknown: ${printable(detail.why)}`;
  return detail?.letter === null ? `there is no dead letter ${id} any more` : 'looking …';
}
