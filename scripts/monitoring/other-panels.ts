import { BREAKER_SERIES } from '../../src/model/series/breakers.ts';
import { CUTOVER_SERIES, ROUTE_SERIES } from '../../src/model/series/cutovers.ts';
import { DRAIN_GAUGES, DRAIN_SERIES, DRAIN_TOTALS } from '../../src/model/series/drains.ts';
import { LOOKING_SERIES } from '../../src/model/series/looking.ts';
import { REDIS_SERIES } from '../../src/model/series/redis.ts';
import { SOURCE_SERIES, TARGET_SERIES } from '../../src/model/series/sources.ts';
import { DEAD_LETTER_SERIES, GROUP_SERIES } from '../../src/model/series/streams.ts';
import type { Row } from './panel.ts';

const { lag, lagAtLeast, pending } = GROUP_SERIES;
const count = (expr: string) => `sum(${expr}) or vector(0)`;
/** Which state is the case, as its number in the words. */
const YES = { 0: ['no', 'transparent'], 1: ['yes', 'orange'] } as const;

/** What is looked at first. */
export const FIRST_ROW: Row = {
  title: 'Now',
  panels: [
    {
      ...{ title: 'Redis', unit: 'short', kind: 'stat', width: 4 },
      queries: [[`min(${LOOKING_SERIES.up.name})`, '']],
      words: { 0: ['away', 'red'], 1: ['there', 'green'] },
    },
    {
      ...{ title: 'To be finished', unit: 'short', kind: 'stat', width: 4 },
      queries: [[count(`(${lag.name} or ${lagAtLeast.name}) + ${pending.name}`), '']],
    },
    {
      ...{ title: 'Dead letters', unit: 'short', kind: 'stat', width: 4 },
      queries: [[count(DEAD_LETTER_SERIES.count.name), '']],
    },
    {
      ...{ title: 'Breakers that reject', unit: 'short', kind: 'stat', width: 4 },
      queries: [[count(BREAKER_SERIES.rejects.name), '']],
    },
    {
      ...{ title: 'Drains held', unit: 'short', kind: 'stat', width: 4 },
      queries: [[`count(max by (run) (${DRAIN_SERIES.held.name}) == 1) or vector(0)`, '']],
    },
    {
      ...{ title: 'Cutovers that wait', unit: 'short', kind: 'stat', width: 4 },
      queries: [[count(`${CUTOVER_SERIES.state.name}{state="waiting", rehearsal="false"}`), '']],
    },
  ],
};

/** Breakers, moves, Redis and the looking itself. */
export const OTHER_ROWS: readonly Row[] = [
  {
    title: 'Circuit breakers',
    panels: [
      {
        ...{ title: 'Rejecting', unit: 'short', kind: 'state-timeline', width: 12 },
        queries: [[BREAKER_SERIES.rejects.name, '{{breaker}}']],
        words: { 0: ['lets calls through', 'green'], 1: ['rejects', 'red'] },
      },
      {
        ...{ title: 'Calls that fail', unit: 'percentunit', width: 12 },
        queries: [[`${BREAKER_SERIES.failed.name} / (${BREAKER_SERIES.calls.name} > 0)`, '{{breaker}}']],
      },
    ],
  },
  {
    title: 'Old against new',
    panels: [
      {
        ...{ title: 'Depth', unit: 'short', width: 12 },
        queries: [
          [SOURCE_SERIES.ready.name, '{{source}} old'],
          [TARGET_SERIES.unfinished.name, '{{source}} new'],
        ],
      },
      {
        ...{ title: 'Traffic on the new side', unit: 'percentunit', width: 12 },
        queries: [[ROUTE_SERIES.share.name, '{{route}}']],
      },
      { title: 'Left in the source', unit: 'short', queries: [[DRAIN_GAUGES.remaining.name, '{{run}}']] },
      {
        ...{ title: 'Drained', unit: 'ops' },
        queries: [[`rate(${DRAIN_TOTALS.appended.name}[$__rate_interval])`, '{{run}}']],
      },
      {
        ...{ title: 'Held by', unit: 'short', kind: 'state-timeline' },
        queries: [[`${DRAIN_SERIES.held.name} == 1`, '{{run}} {{reason}}']],
        words: YES,
      },
      {
        ...{ title: 'Cutovers', unit: 'short', kind: 'state-timeline', width: 12 },
        queries: [[`${CUTOVER_SERIES.state.name} == 1`, '{{run}} {{state}}']],
        words: YES,
      },
      {
        ...{ title: 'Steps begun', unit: 'percentunit', kind: 'bargauge', width: 12 },
        queries: [[`${CUTOVER_SERIES.step.name} / ${CUTOVER_SERIES.steps.name}`, '{{run}}']],
      },
    ],
  },
  {
    title: 'Redis',
    panels: [
      {
        ...{ title: 'Memory', unit: 'bytes', width: 6 },
        queries: [
          [REDIS_SERIES.usedMemory.name, 'used'],
          [REDIS_SERIES.maxMemory.name, 'maxmemory'],
        ],
      },
      {
        ...{ title: 'Clients', unit: 'short', width: 6 },
        queries: [
          [REDIS_SERIES.clients.name, 'connected'],
          [REDIS_SERIES.blocked.name, 'blocked'],
        ],
      },
      { title: 'Commands', unit: 'ops', width: 6, queries: [[REDIS_SERIES.operations.name, '']] },
      { title: 'Hit ratio', unit: 'percentunit', width: 6, queries: [[REDIS_SERIES.hits.name, '']] },
    ],
  },
  {
    title: 'qctl itself',
    panels: [
      {
        ...{ title: 'A look takes', unit: 's' },
        queries: [
          [LOOKING_SERIES.took.name, 'took'],
          [LOOKING_SERIES.interval.name, 'interval'],
        ],
      },
      {
        ...{ title: 'Cannot be looked at', unit: 'short', kind: 'state-timeline' },
        queries: [[LOOKING_SERIES.missing.name, '{{part}}']],
        words: { 0: ['seen', 'green'], 1: ['not seen', 'orange'] },
      },
      {
        ...{ title: 'Age of what is shown', unit: 's' },
        queries: [[`time() - ${LOOKING_SERIES.at.name}`, '']],
      },
    ],
  },
];
