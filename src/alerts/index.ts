/** Rules over metrics, incidents that all processes share, and the channels by which people are told of them. */

export type { AlertEvent } from './events.ts';
export { type Hushed, type HushOrder, hush } from './hush.ts';
export { type AlertIncident, type AlertRow, listAlerts, listAlertsOfHost } from './list.ts';
export type { AlertMessage } from './message.ts';
export { alertsPart, readAlerts } from './read.ts';
export { type AlertPlan, type AlertRule, type Channel, SEVERITIES, type Severity } from './rule.ts';
export {
  type AlertDoors,
  AlertRunner,
  type AlertRunnerOptions,
  findRule,
  type LookReport,
} from './runner.ts';
export type { ActiveSilence } from './silence.ts';
export { type ChannelTrial, tryChannels } from './try-channels.ts';
export { measureRules, type RuleTrial } from './try-rules.ts';
