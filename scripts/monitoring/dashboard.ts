import { GROUP_SERIES, STREAM_SERIES } from '../../src/model/series/streams.ts';
import { FIRST_ROW, OTHER_ROWS } from './other-panels.ts';
import { layOut, type Row, SOURCE } from './panel.ts';
import { STREAM_ROWS } from './stream-panels.ts';

/** All rows, from top to bottom. */
export const ROWS: readonly Row[] = [FIRST_ROW, ...STREAM_ROWS, ...OTHER_ROWS];

/** docs/monitoring/grafana-dashboard.json: a dashboard that Grafana 9 and later imports. */
export function dashboard(): object {
  return {
    uid: 'qctl',
    title: 'qctl: queues on Redis Streams',
    tags: ['qctl', 'redis'],
    schemaVersion: 37,
    editable: true,
    graphTooltip: 1,
    refresh: '15s',
    time: { from: 'now-3h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
        variable('stream', `label_values(${STREAM_SERIES.length.name}, stream)`),
        variable('group', `label_values(${GROUP_SERIES.pending.name}{stream=~"$stream"}, group)`),
      ],
    },
    panels: layOut(ROWS),
  };
}

function variable(name: string, query: string): object {
  return {
    name,
    label: `${name[0]!.toUpperCase()}${name.slice(1)}`,
    type: 'query',
    datasource: SOURCE,
    query: { query, refId: name },
    definition: query,
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { selected: true, text: ['All'], value: ['$__all'] },
  };
}
