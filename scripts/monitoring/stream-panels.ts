import {
  DEAD_LETTER_SERIES,
  GROUP_SERIES,
  STAGE_SERIES,
  STREAM_SERIES,
} from '../../src/model/series/streams.ts';
import type { Row } from './panel.ts';

const OF_STREAM = '{stream=~"$stream"}';
const OF_GROUP = '{stream=~"$stream", group=~"$group"}';
const GROUP = '{{stream}} {{group}}';
const STAGE = '{{stage}} {{engine}}';
const stream = (name: keyof typeof STREAM_SERIES) => `${STREAM_SERIES[name].name}${OF_STREAM}`;
const group = (name: keyof typeof GROUP_SERIES) => `${GROUP_SERIES[name].name}${OF_GROUP}`;
const stageRate = (series: string) => `sum by (stage, engine) (rate(${series}${OF_GROUP}[$__rate_interval]))`;
const { duration, failed, retried } = STAGE_SERIES;
const quantile = (q: number) =>
  `histogram_quantile(${q}, sum by (le, stage, engine) (rate(${duration.name}_bucket${OF_GROUP}[$__rate_interval])))`;

/** Streams, groups, stages and dead letters. */
export const STREAM_ROWS: readonly Row[] = [
  {
    title: 'Streams',
    panels: [
      { title: 'Length', unit: 'short', queries: [[stream('length'), '{{stream}}']] },
      {
        title: 'In',
        unit: 'ops',
        description: 'Entries added a second; nothing before Redis 7.0.',
        queries: [[`rate(${stream('added')}[$__rate_interval])`, '{{stream}}']],
      },
      { title: 'Out', unit: 'ops', queries: [[group('finished'), GROUP]] },
      {
        title: 'Lag',
        unit: 'short',
        description: 'Where it is not known, what it is at least.',
        queries: [
          [group('lag'), GROUP],
          [group('lagAtLeast'), `${GROUP} at least`],
        ],
      },
      { title: 'Next message waits', unit: 's', queries: [[group('oldestUndelivered'), GROUP]] },
      { title: 'Oldest in hand', unit: 's', queries: [[group('oldestPending'), GROUP]] },
      { title: 'Pending', unit: 'short', queries: [[group('pending'), GROUP]] },
      { title: 'Consumers', unit: 'short', queries: [[group('consumers'), GROUP]] },
      { title: 'Scheduled', unit: 'short', queries: [[stream('scheduled'), '{{stream}}']] },
    ],
  },
  {
    title: 'Stages, by engine',
    panels: [
      { title: 'Half are faster than', unit: 's', queries: [[quantile(0.5), STAGE]] },
      { title: '99 % are faster than', unit: 's', queries: [[quantile(0.99), STAGE]] },
      { title: 'Finished', unit: 'ops', queries: [[stageRate(`${duration.name}_count`), STAGE]] },
      { title: 'Failed for good', unit: 'ops', width: 12, queries: [[stageRate(failed.name), STAGE]] },
      { title: 'Retried', unit: 'ops', width: 12, queries: [[stageRate(retried.name), STAGE]] },
    ],
  },
  {
    title: 'Dead letters',
    panels: [
      {
        title: 'Dead letters',
        unit: 'short',
        width: 12,
        queries: [[DEAD_LETTER_SERIES.count.name, '{{stream}}']],
      },
      {
        title: 'Since the last',
        unit: 's',
        width: 12,
        queries: [[DEAD_LETTER_SERIES.newest.name, '{{stream}}']],
      },
    ],
  },
];
