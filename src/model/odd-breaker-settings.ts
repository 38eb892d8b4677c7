import { effectiveSettings, formatSetting, type GivenSettings, type SettingKey } from './breaker-settings.ts';

const HOUR_MS = 3_600_000;
/** Processes report and look this often. */
const REPORT_MS = 1000;
const FEW_REPORTS = 5;

/** What is allowed and yet hardly meant, as clauses: `it never opens: …`. Empty where nothing is odd. */
export function oddSettings(given: GivenSettings): string[] {
  const settings = effectiveSettings(given);
  const { failureThreshold, failureRate, slowCallMs, slowCallRate, openMs, windowMs } = settings;
  const is = (key: SettingKey) => formatSetting(key, settings[key]);
  const odd: string[] = [];
  const slowCounts = slowCallMs > 0 && slowCallRate > 0;
  if (failureThreshold === 0 && failureRate === 0 && !slowCounts)
    odd.push('it never opens: neither failureThreshold nor failureRate nor slow calls open it');
  if (given.slowCallRate && slowCallMs === 0) odd.push('slowCallRate says nothing without slowCallDuration');
  if (slowCallMs > 0 && slowCallRate === 0)
    odd.push('slowCallDuration opens nothing while slowCallRate is off');
  if (given.maxOpenMs !== undefined && given.maxOpenMs < openMs)
    odd.push(
      `maxOpenTime ${formatSetting('maxOpenMs', given.maxOpenMs)} is below openTime ${is('openMs')}: openTime is in force`,
    );
  if (windowMs < FEW_REPORTS * REPORT_MS)
    odd.push(`window ${is('windowMs')} is short: processes report once a second`);
  if (openMs < REPORT_MS)
    odd.push(
      `openTime ${is('openMs')} may be over before every process has noticed: they look once a second`,
    );
  if (openMs > HOUR_MS) odd.push(`openTime ${is('openMs')} is long: no call is tried until it is over`);
  return odd;
}
