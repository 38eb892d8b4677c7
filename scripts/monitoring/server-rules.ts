import { BREAKER_SERIES } from '../../src/model/series/breakers.ts';
import { LOOKING_SERIES } from '../../src/model/series/looking.ts';
import { REDIS_SERIES } from '../../src/model/series/redis.ts';
import { type AlertRule, seriesOf } from './rule.ts';

const { up, missing } = LOOKING_SERIES;
const { usedMemory, maxMemory, evicted } = REDIS_SERIES;
const { rejects, overrideAge } = BREAKER_SERIES;
const SERVER = { server: 'redis://localhost:6379/0' };
const BREAKER = { breaker: 'wazuh-api' };
const PART = { part: 'streams' };

/** The looking itself, Redis, and circuit breakers. */
export const SERVER_RULES: readonly AlertRule[] = [
  {
    alert: 'QctlGone',
    expr: `absent(${up.name})`,
    for: '2m',
    severity: 'critical',
    summary: 'qctl serve is not there: nobody looks at the queues',
    look: 'systemctl status qctl-serve',
    fires: { series: {}, at: '5m' },
    quiet: { series: { [seriesOf(up)]: '1x10' }, at: '5m' },
  },
  {
    alert: 'QctlRedisLost',
    expr: `${up.name} == 0`,
    for: '1m',
    severity: 'critical',
    summary: 'Redis does not answer',
    look: 'qctl check redis',
    fires: { series: { [seriesOf(up)]: '1 1 0x10' }, at: '5m' },
    quiet: { series: { [seriesOf(up)]: '1 0 1x10' }, at: '5m' },
  },
  {
    alert: 'QctlPartMissing',
    expr: `${missing.name} == 1`,
    for: '10m',
    severity: 'warning',
    summary: '{{ $labels.part }} cannot be looked at',
    look: 'open the page of qctl serve: it says why',
    fires: { series: { [seriesOf(missing, PART)]: '1x20' }, at: '15m', labels: PART },
    quiet: { series: { [seriesOf(missing, PART)]: '0x20' }, at: '15m' },
  },
  {
    alert: 'QctlRedisMemory',
    expr: `${usedMemory.name} / ${maxMemory.name} > 0.9`,
    for: '5m',
    severity: 'critical',
    summary: '{{ $labels.server }} is {{ $value | humanizePercentage }} full',
    look: 'qctl check redis',
    fires: {
      series: { [seriesOf(usedMemory, SERVER)]: '95x20', [seriesOf(maxMemory, SERVER)]: '100x20' },
      at: '10m',
      labels: SERVER,
      value: '95%',
    },
    // Without maxmemory nobody knows how full it is.
    quiet: { series: { [seriesOf(usedMemory, SERVER)]: '95x20' }, at: '10m' },
  },
  {
    alert: 'QctlRedisEvicts',
    expr: `increase(${evicted.name}[10m]) > 0`,
    for: '0m',
    severity: 'critical',
    summary: '{{ $labels.server }} deletes keys to make room: queued messages may be among them',
    look: 'qctl check redis',
    fires: { series: { [seriesOf(evicted, SERVER)]: '0x5 1+1x10' }, at: '10m', labels: SERVER },
    quiet: { series: { [seriesOf(evicted, SERVER)]: '7x20' }, at: '10m' },
  },
  {
    alert: 'QctlBreakerOpen',
    expr: `${rejects.name} == 1`,
    for: '0m',
    severity: 'critical',
    summary: 'calls through circuit breaker {{ $labels.breaker }} are rejected',
    look: 'qctl breaker show {{ $labels.breaker }}',
    fires: { series: { [seriesOf(rejects, BREAKER)]: '0 1x10' }, at: '2m', labels: BREAKER },
    quiet: { series: { [seriesOf(rejects, BREAKER)]: '0x10' }, at: '2m' },
  },
  {
    alert: 'QctlBreakerForgotten',
    expr: `${overrideAge.name} > 86400`,
    for: '5m',
    severity: 'warning',
    summary: 'the override of circuit breaker {{ $labels.breaker }} has stood for a day',
    look: 'qctl breaker release {{ $labels.breaker }}',
    fires: { series: { [seriesOf(overrideAge, BREAKER)]: '86500+60x20' }, at: '10m', labels: BREAKER },
    quiet: { series: { [seriesOf(overrideAge, BREAKER)]: '60+60x20' }, at: '10m' },
  },
];
