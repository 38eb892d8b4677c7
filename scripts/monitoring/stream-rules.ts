import { DEAD_LETTER_SERIES, GROUP_SERIES, STAGE_SERIES } from '../../src/model/series/streams.ts';
import { type AlertRule, seriesOf } from './rule.ts';

const GROUP = { stream: 'orders', group: 'workers' };
const DEAD = { stream: 'orders:dead' };
const STAGE = { ...GROUP, stage: 'render', engine: 'new' };
const of = (name: keyof typeof GROUP_SERIES) => seriesOf(GROUP_SERIES[name], GROUP);
const { lag, lagAtLeast, pending, consumers, oldestPending, oldestUndelivered } = GROUP_SERIES;
const { duration, failed } = STAGE_SERIES;
const failedOf = seriesOf(failed, STAGE);
const finishedOf = seriesOf({ name: `${duration.name}_count` }, STAGE);
const bucketOf = (le: string) => seriesOf({ name: `${duration.name}_bucket` }, { ...STAGE, le });
const BY = 'stream, group, stage, engine, instance, job';
const LAG = `(${lag.name} or ${lagAtLeast.name})`;
const WHERE = '{{ $labels.stream }}/{{ $labels.group }}';
const SHOW = 'qctl stream info {{ $labels.stream }}';
const PENDING = 'qctl pending {{ $labels.stream }} {{ $labels.group }}';

/** Streams, groups and dead letters. */
export const STREAM_RULES: readonly AlertRule[] = [
  {
    alert: 'QctlQueueDepth',
    expr: `${LAG} + ${pending.name} > 1000`,
    for: '5m',
    severity: 'warning',
    summary: `${WHERE} has {{ $value }} entries to finish`,
    look: SHOW,
    // The lag is not known exactly: what it is at least counts.
    fires: {
      series: { [of('lagAtLeast')]: '1000x20', [of('pending')]: '8x20' },
      at: '10m',
      labels: GROUP,
      value: '1008',
    },
    quiet: { series: { [of('lag')]: '900x20', [of('pending')]: '8x20' }, at: '10m' },
  },
  {
    alert: 'QctlLatency',
    expr: `${oldestUndelivered.name} > 300`,
    for: '1m',
    severity: 'critical',
    summary: `the next message of ${WHERE} has waited for {{ $value }} s`,
    look: SHOW,
    fires: { series: { [of('oldestUndelivered')]: '0+60x20' }, at: '8m', labels: GROUP, value: '480' },
    quiet: { series: { [of('oldestUndelivered')]: '290x20' }, at: '8m' },
  },
  {
    alert: 'QctlLagGrowing',
    expr: `deriv(${lag.name}[5m]) > 0 and ${lag.name} > 100`,
    for: '5m',
    severity: 'warning',
    summary: `the lag of ${WHERE} has been growing for 5 minutes, by {{ $value }} a second`,
    look: SHOW,
    fires: { series: { [of('lag')]: '200+60x20' }, at: '12m', labels: GROUP, value: '1' },
    quiet: { series: { [of('lag')]: '5000-60x20' }, at: '12m' },
  },
  {
    alert: 'QctlConsumersStuck',
    expr: `${oldestPending.name} > 900 and ${pending.name} > 0`,
    for: '5m',
    severity: 'warning',
    summary: `a message of ${WHERE} has been in hand for {{ $value }} s`,
    look: PENDING,
    fires: {
      series: { [of('oldestPending')]: '0+60x40', [of('pending')]: '3x40' },
      at: '30m',
      labels: GROUP,
      value: '1800',
    },
    quiet: { series: { [of('oldestPending')]: '60x40', [of('pending')]: '3x40' }, at: '30m' },
  },
  {
    alert: 'QctlNoConsumers',
    expr: `${consumers.name} == 0 and ${LAG} > 0`,
    for: '5m',
    severity: 'critical',
    summary: `${WHERE} has entries and no consumer`,
    look: SHOW,
    fires: { series: { [of('consumers')]: '0x20', [of('lag')]: '4x20' }, at: '10m', labels: GROUP },
    quiet: { series: { [of('consumers')]: '0x20', [of('lag')]: '0x20' }, at: '10m' },
  },
  {
    alert: 'QctlDeadLetters',
    expr: `${DEAD_LETTER_SERIES.newest.name} < 600 or delta(${DEAD_LETTER_SERIES.count.name}[10m]) > 0`,
    for: '0m',
    severity: 'warning',
    summary: '{{ $labels.stream }} has got dead letters within 10 minutes',
    look: 'qctl dlq show {{ $labels.stream }}',
    fires: { series: { [seriesOf(DEAD_LETTER_SERIES.newest, DEAD)]: '5+60x20' }, at: '2m', labels: DEAD },
    quiet: {
      series: {
        [seriesOf(DEAD_LETTER_SERIES.newest, DEAD)]: '4000+60x20',
        [seriesOf(DEAD_LETTER_SERIES.count, DEAD)]: '7x20',
      },
      at: '15m',
    },
  },
  {
    alert: 'QctlStageFailing',
    expr: `sum by (${BY}) (rate(${failed.name}[5m])) / (sum by (${BY}) (rate(${failed.name}[5m])) + sum by (${BY}) (rate(${duration.name}_count[5m]))) > 0.01`,
    for: '5m',
    severity: 'warning',
    summary: `more than 1 % of the messages of ${WHERE} fail in {{ $labels.stage }}`,
    look: 'qctl dlq show {{ $labels.stream }}',
    fires: { series: { [failedOf]: '0+5x20', [finishedOf]: '0+95x20' }, at: '15m', labels: STAGE },
    quiet: { series: { [failedOf]: '3x20', [finishedOf]: '0+95x20' }, at: '15m' },
  },
  {
    alert: 'QctlStageSlow',
    // The highest bound is 300 s: a quantile beyond it is told as 300 s.
    expr: `histogram_quantile(0.99, sum by (le, ${BY}) (rate(${duration.name}_bucket[5m]))) >= 300`,
    for: '5m',
    severity: 'warning',
    summary: `1 % of the messages of ${WHERE} take 5 minutes or more in {{ $labels.stage }}`,
    look: SHOW,
    fires: {
      series: { [bucketOf('300')]: '0+90x20', [bucketOf('+Inf')]: '0+100x20' },
      at: '15m',
      labels: STAGE,
    },
    quiet: { series: { [bucketOf('300')]: '0+100x20', [bucketOf('+Inf')]: '0+100x20' }, at: '15m' },
  },
];
