import { MAINTAIN_SERIES } from '../../src/model/series/maintain.ts';
import { type AlertRule, seriesOf } from './rule.ts';

const { at, success } = MAINTAIN_SERIES;

/** Maintenance from cron, told of through the node exporter. */
export const MAINTAIN_RULES: readonly AlertRule[] = [
  {
    alert: 'QctlMaintainFailed',
    expr: `${success.name} == 0`,
    for: '30m',
    severity: 'warning',
    summary: 'something has gone wrong in each maintenance for 30 minutes',
    look: 'qctl maintain --dry-run',
    fires: { series: { [seriesOf(success)]: '0x60' }, at: '40m' },
    quiet: { series: { [seriesOf(success)]: '0x9 1 0x50' }, at: '35m' },
  },
  {
    alert: 'QctlMaintainLate',
    expr: `time() - ${at.name} > 7200`,
    for: '5m',
    severity: 'warning',
    summary: 'there has been no maintenance for 2 hours',
    look: 'qctl maintain --dry-run',
    fires: { series: { [seriesOf(at)]: '0x200' }, at: '130m' },
    quiet: { series: { [seriesOf(at)]: '0+60x200' }, at: '130m' },
  },
];
