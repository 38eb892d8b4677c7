import type { LoadRule, RouteRules, TimeRule } from './route.ts';
import { shareText } from './share.ts';

/** One thing that a route says, in words. */
export interface RuleLine {
  /** `percent`, `type refund`, `key 42`, `load`, `time 1`, `default`. */
  what: string;
  text: string;
}

/** All that a route says, in the order in which it decides. What says nothing is left out, but for the percentage. */
export function ruleLines(rules: RouteRules): RuleLine[] {
  const { percent, types, keys, load, time, default: side } = rules;
  return [
    ...Object.entries(keys).map(([key, to]) => ({ what: `key ${key}`, text: to })),
    ...Object.entries(types).map(([type, to]) => ({ what: `type ${type}`, text: shareText(to) })),
    ...time.map((rule, at) => ({ what: `time ${at + 1}`, text: timeText(rule) })),
    ...(load ? [{ what: 'load', text: loadText(load) }] : []),
    { what: 'percent', text: shareText(percent) },
    ...(side === 'old' ? [] : [{ what: 'default', text: side }]),
  ];
}

/** `50% while orders is longer than 10000`. */
export function loadText({ stream, group, published, above, to }: LoadRule): string {
  const share = shareText(to);
  if (published !== undefined) return `${share} while the number in ${published} is above ${above}`;
  if (group !== undefined) return `${share} while the lag of ${group} of ${stream} is above ${above}`;
  return `${share} while ${stream} is longer than ${above}`;
}

/** `100% from 22:00 to 06:00 Europe/Berlin on sat, sun`. */
export function timeText({ from, to, timezone, days, percent }: TimeRule): string {
  const zone = from.includes('T') ? '' : ` ${timezone ?? 'UTC'}`;
  const on = days ? ` on ${days.join(', ')}` : '';
  return `${shareText(percent)} from ${from} to ${to}${zone}${on}`;
}
