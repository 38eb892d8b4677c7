/** One panel of the dashboard. */
export interface Panel {
  title: string;
  /** PromQL with the legend of its series: `{{stream}}`. */
  queries: readonly (readonly [expr: string, legend: string])[];
  /** As Grafana calls it: `s`, `bytes`, `percentunit`, `short`, `ops`. */
  unit: string;
  kind?: 'timeseries' | 'stat' | 'state-timeline' | 'bargauge';
  /** What it shows, where the title does not say it. */
  description?: string;
  /** Of 24 columns; default 8. */
  width?: number;
  /** Words for numbers, with their colours: `0 -> ok`. */
  words?: Record<string, readonly [text: string, colour: string]>;
}

/** A row of panels, under its title. */
export interface Row {
  title: string;
  panels: readonly Panel[];
}

/** Chosen at the top of the dashboard. */
export const SOURCE = { type: 'prometheus', uid: '$datasource' };
const HEIGHTS = { stat: 4, timeseries: 8, 'state-timeline': 8, bargauge: 8 };
const COLUMNS = 24;

/** Rows as Grafana lays them out: from left to right, and on to the next line where there is no room. */
export function layOut(rows: readonly Row[]): object[] {
  const panels: object[] = [];
  let top = 0;
  for (const { title, panels: own } of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      ...place(0, top, 24, 1),
    });
    top += 1;
    let left = 0;
    let height = 0;
    for (const panel of own) {
      const { kind = 'timeseries', width = 8 } = panel;
      if (left + width > COLUMNS) {
        top += height;
        left = height = 0;
      }
      panels.push({ id: panels.length + 1, ...panelJson(panel), ...place(left, top, width, HEIGHTS[kind]) });
      left += width;
      height = Math.max(height, HEIGHTS[kind]);
    }
    top += height;
  }
  return panels;
}

function place(x: number, y: number, w: number, h: number): object {
  return { gridPos: { x, y, w, h } };
}

function panelJson({ title, queries, unit, kind = 'timeseries', description, words }: Panel): object {
  return {
    type: kind,
    title,
    ...(description && { description }),
    datasource: SOURCE,
    targets: queries.map(([expr, legendFormat], at) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + at),
      datasource: SOURCE,
      expr,
      legendFormat,
      ...(kind === 'stat' && { instant: true }),
    })),
    fieldConfig: { defaults: { unit, ...(words && mapped(words)) }, overrides: [] },
    options: OPTIONS[kind],
  };
}

const OPTIONS = {
  timeseries: {
    legend: { displayMode: 'list', placement: 'bottom' },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
  stat: { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'background', graphMode: 'none' },
  'state-timeline': { mergeValues: true, showValue: 'never', rowHeight: 0.8 },
  bargauge: { reduceOptions: { calcs: ['lastNotNull'] }, orientation: 'horizontal', displayMode: 'gradient' },
};

function mapped(words: NonNullable<Panel['words']>): object {
  const options = Object.fromEntries(
    Object.entries(words).map(([value, [text, color]], index) => [value, { text, color, index }]),
  );
  return { mappings: [{ type: 'value', options }] };
}
