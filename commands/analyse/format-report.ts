import type { Analysis, Changes, MoveAnalysis } from '../../src/analyse/index.ts';
import { shortList } from '../../src/model/short-list.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { formatFields } from '../term/table.ts';
import { printable, wrap } from '../term/text.ts';
import { briefCelery } from './brief/celery.ts';
import { briefPostgres } from './brief/postgres.ts';
import { briefRedis } from './brief/redis.ts';
import { briefSqs } from './brief/sqs.ts';
import { briefStream } from './brief/stream.ts';
import { type FactRow, factRows, percent } from './fact-text.ts';
import { forecastRows, orderRows } from './forecast-text.ts';
import { formatChanges } from './format-changes.ts';
import { formatFindings, formatVerdict } from './format-findings.ts';
import { formatTypes } from './format-types.ts';

/** What is shown of an analysis. */
export interface Shown {
  analysis: Analysis;
  changes?: Changes;
  byType: boolean;
  /** Every fact, instead of those that an operator looks at first. */
  verbose: boolean;
}

/** An analysis as a person reads it on a terminal: facts, forecasts, findings and the verdict last. */
export function formatReport(output: Output, shown: Shown): string {
  const { analysis, changes, verbose } = shown;
  const { server, moves, findings } = analysis;
  const sections = [
    ...moves.flatMap((move) => moveSections(output, move, shown)),
    ...(server
      ? [section(output, `Redis ${server.label}`, verbose ? factRows(server) : briefRedis(server))]
      : []),
    ...(findings.length > 0 ? [`${heading(output, 'Findings')}${formatFindings(output, findings)}`] : []),
    ...(changes ? [formatChanges(output, changes)] : []),
    formatVerdict(output, analysis),
  ];
  return sections.join('\n');
}

function moveSections(output: Output, move: MoveAnalysis, { byType, verbose }: Shown): string[] {
  const { source, target, forecast, order, notCarried } = move;
  const sections: string[] = [];
  if (source)
    sections.push(section(output, `Source ${source.label}`, sourceRows(move, source, byType, verbose)));
  if (target) {
    const rows = verbose ? factRows(target) : briefStream(target);
    sections.push(section(output, `Stream ${target.stream}`, [...rows, ...orderRows(order)]));
  }
  if (forecast) sections.push(section(output, `Forecast for ${move.name}`, forecastRows(forecast)));
  if (source && byType)
    sections.push(`${heading(output, 'Types, in the order to move them')}${types(output, move)}`);
  if (notCarried.length > 0) sections.push(`${heading(output, 'Not carried')}${lines(output, notCarried)}`);
  return sections;
}

function sourceRows(
  { types }: MoveAnalysis,
  source: NonNullable<MoveAnalysis['source']>,
  byType: boolean,
  verbose: boolean,
): FactRow[] {
  const rows = verbose ? factRows(source) : brief(source);
  if (!types || byType || types.length === 0) return rows;
  const named = types.map(
    ({ type, share }) => `${type ?? '(none)'}${share === null ? '' : ` ${percent(share)}`}`,
  );
  return [...rows, ['types', shortList(named)]];
}

function brief(source: NonNullable<MoveAnalysis['source']>): FactRow[] {
  if (source.kind === 'celery') return briefCelery(source);
  return source.kind === 'sqs' ? briefSqs(source) : briefPostgres(source);
}

/** Says what is missing where no type is known, since somebody has asked for them. */
function types(output: Output, { types: known, source }: MoveAnalysis): string {
  if (known && known.length > 0) return formatTypes(output, known);
  if (known) return lines(output, ['none: nothing is ready']);
  const missing =
    source?.kind === 'sqs'
      ? 'unknown: --type EXPRESSION (or type: in qctl.yaml) says where a message has its type, and --sample N receives some'
      : 'unknown: --type COLUMN (or type: in qctl.yaml) says where a row has its type';
  return lines(output, [missing]);
}

/** A list with a dash before each. */
function lines(output: Output, texts: readonly string[]): string {
  return texts
    .map((text) => `- ${wrap(printable(text), output.columns - 2).replaceAll('\n', '\n  ')}\n`)
    .join('');
}

function section(output: Output, title: string, rows: FactRow[]): string {
  return `${heading(output, title)}${rows.length > 0 ? formatFields(output, rows) : ''}`;
}

function heading(output: Output, text: string): string {
  return `${colourOf(output).underline(printable(text))}\n`;
}
