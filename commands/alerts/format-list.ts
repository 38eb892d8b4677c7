import type { AlertIncident, AlertRow } from '../../src/alerts/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { type Column, formatTable } from '../term/table.ts';

interface Line {
  row: AlertRow;
  incident: AlertIncident | undefined;
}

/** A line for each incident, and for each rule without one. */
export function formatAlerts(output: Output, rows: readonly AlertRow[], now: Date): string {
  const lines = rows.flatMap((row): Line[] => {
    if (row.incidents.length === 0) return [{ row, incident: undefined }];
    return row.incidents.map((incident) => ({ row, incident }));
  });
  return formatTable(output, columnsOf(output, now), lines);
}

function columnsOf(output: Output, now: Date): Column<Line>[] {
  return [
    { head: 'RULE', value: ({ row }) => row.rule, whole: true },
    { head: 'SEVERITY', value: ({ row, incident }) => incident?.severity ?? row.severity },
    { head: 'STATE', value: stateText, whole: true, style: (text, line) => painted(output, text, line) },
    {
      head: 'FOR',
      value: ({ incident }) => incident && formatDuration(incident.lastedMs),
      align: 'right',
    },
    { head: 'MEASURED', value: ({ row }) => ageText(row, now), align: 'right' },
    { head: 'TOLD', value: toldText, wrap: true },
    { head: 'WHY', value: whyText, wrap: true },
  ];
}

function stateText({ row, incident }: Line): string {
  const state = incident?.state ?? row.state;
  const blind = incident?.kind === 'blind' ? ' (cannot be measured)' : '';
  return `${state}${blind}${row.silence ? ', silent' : ''}`;
}

function painted(output: Output, text: string, { row, incident }: Line): string {
  const state = incident?.state ?? row.state;
  if (state === 'ok' || state === 'resolved') return text;
  const paint = colourOf(output);
  return state === 'firing' && row.severity === 'critical' ? paint.red(text) : paint.yellow(text);
}

function ageText({ measuredAt, stale }: AlertRow, now: Date): string | null {
  if (measuredAt === null) return null;
  const age = `${formatDuration(Math.max(0, now.getTime() - Date.parse(measuredAt)))} ago`;
  return stale ? `${age}, nobody looks` : age;
}

function toldText({ incident }: Line): string | null {
  if (!incident) return null;
  const owed = incident.owed.map(
    ({ channel, attempts }) => `${channel}: ${attempts === 0 ? 'not yet' : `not, ${attempts} attempts`}`,
  );
  return [...incident.told, ...owed].join(', ');
}

function whyText({ row, incident }: Line): string | null {
  const where = incident && incident.host !== null ? `on ${incident.host}: ` : '';
  const why = incident?.why ?? row.why;
  const owed = incident?.owed.find(({ error }) => error !== null)?.error;
  const silence = row.silence
    ? `silent until ${row.silence.until} (${row.silence.reason}${row.silence.by ? `, ${row.silence.by}` : ''})`
    : undefined;
  const all = [why && `${where}${why}`, silence, owed].filter(Boolean).join('; ');
  return all === '' ? null : all;
}
