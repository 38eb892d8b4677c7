import { CUTOVER_SERIES } from '../../src/model/series/cutovers.ts';
import { DRAIN_SERIES } from '../../src/model/series/drains.ts';
import { type AlertRule, seriesOf } from './rule.ts';

const RUN = { run: 'orders-1', mode: 'move', source: 'public.orders', stream: 'orders' };
const CUTOVER = { plan: 'webhooks', run: 'webhooks-1', rehearsal: 'false' };
const { state, waiting, alive, ended } = CUTOVER_SERIES;
const REAL = 'rehearsal="false"';
const SHOW = 'qctl cutover status {{ $labels.run }}';

/** Drains and cutovers. */
export const MOVE_RULES: readonly AlertRule[] = [
  {
    alert: 'QctlDrainHeld',
    expr: `${DRAIN_SERIES.held.name} == 1`,
    for: '15m',
    severity: 'warning',
    summary: 'drain {{ $labels.run }} is held by {{ $labels.reason }}',
    look: 'qctl drain status {{ $labels.run }}',
    fires: {
      series: { [seriesOf(DRAIN_SERIES.held, { ...RUN, reason: 'max-lag' })]: '1x40' },
      at: '20m',
      labels: { ...RUN, reason: 'max-lag' },
    },
    quiet: {
      series: { [seriesOf(DRAIN_SERIES.held, { ...RUN, reason: 'max-lag' })]: '1x5 0x40' },
      at: '20m',
    },
  },
  {
    alert: 'QctlDrainStopped',
    expr: `${DRAIN_SERIES.state.name}{state="stopped"} == 1`,
    for: '5m',
    severity: 'warning',
    summary: 'nobody is at work on drain {{ $labels.run }}, and it is not done',
    look: 'qctl drain status {{ $labels.run }}',
    fires: {
      series: { [seriesOf(DRAIN_SERIES.state, { ...RUN, state: 'stopped' })]: '1x20' },
      at: '10m',
      labels: { ...RUN, state: 'stopped' },
    },
    quiet: { series: { [seriesOf(DRAIN_SERIES.state, { ...RUN, state: 'done' })]: '1x20' }, at: '10m' },
  },
  {
    alert: 'QctlCutoverRolledBack',
    expr: `${state.name}{state="rolledBack", ${REAL}} == 1 and ignoring(state) time() - ${ended.name} < 3600`,
    for: '0m',
    severity: 'critical',
    summary: 'cutover {{ $labels.run }} has gone back to the old side',
    look: SHOW,
    fires: {
      series: {
        [seriesOf(state, { ...CUTOVER, state: 'rolledBack' })]: '1x20',
        [seriesOf(ended, CUTOVER)]: '0x20',
      },
      at: '10m',
      labels: { ...CUTOVER, state: 'rolledBack' },
    },
    quiet: {
      series: {
        [seriesOf(state, { ...CUTOVER, state: 'rolledBack' })]: '1x100',
        [seriesOf(ended, CUTOVER)]: '0x100',
      },
      at: '70m',
    },
  },
  {
    alert: 'QctlCutoverRollbackFailed',
    expr: `${state.name}{state="rollbackFailed", ${REAL}} == 1`,
    for: '0m',
    severity: 'critical',
    summary: 'the way back of cutover {{ $labels.run }} has failed: act now',
    look: SHOW,
    fires: {
      series: { [seriesOf(state, { ...CUTOVER, state: 'rollbackFailed' })]: '1x10' },
      at: '5m',
      labels: { ...CUTOVER, state: 'rollbackFailed' },
    },
    quiet: {
      series: { [seriesOf(state, { ...CUTOVER, rehearsal: 'true', state: 'rollbackFailed' })]: '1x10' },
      at: '5m',
    },
  },
  {
    alert: 'QctlCutoverWaiting',
    expr: `${waiting.name}{${REAL}} > 1800`,
    for: '1m',
    severity: 'warning',
    summary: 'cutover {{ $labels.run }} has waited for {{ $value }} s',
    look: SHOW,
    fires: { series: { [seriesOf(waiting, CUTOVER)]: '0+60x60' }, at: '40m', labels: CUTOVER, value: '2400' },
    quiet: { series: { [seriesOf(waiting, CUTOVER)]: '0+60x60' }, at: '20m' },
  },
  {
    alert: 'QctlCutoverUnattended',
    expr: `${alive.name}{${REAL}} == 0`,
    for: '5m',
    severity: 'critical',
    summary: 'no process is at work on cutover {{ $labels.run }}, and it is not at its end',
    look: SHOW,
    fires: { series: { [seriesOf(alive, CUTOVER)]: '0x20' }, at: '10m', labels: CUTOVER },
    quiet: { series: { [seriesOf(alive, CUTOVER)]: '1x20' }, at: '10m' },
  },
];
