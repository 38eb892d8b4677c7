import type { Override } from '../../src/breaker/index.ts';
import type { BreakerWork } from '../../src/maintain/index.ts';
import { secondText } from '../breaker/standing-text.ts';
import { overrideToJson, timeOf } from '../breaker/to-json.ts';
import type { Output } from '../term/io.ts';
import { formatNdjson } from '../term/ndjson.ts';
import { formatTable } from '../term/table.ts';
import { printable } from '../term/text.ts';

/** As JSON has it. */
export function breakerWorkToJson({ outcome, name, override, heardMs, failure }: BreakerWork): object {
  return {
    task: outcome === 'removed' ? 'unused-breakers' : 'overrides',
    breaker: name,
    outcome,
    override: override && overrideToJson(override),
    lastSeenAt: timeOf(heardMs),
    failure: failure?.message ?? null,
  };
}

/** A row for each breaker with which there is something to do. */
export function formatBreakerWork(output: Output, rows: readonly BreakerWork[]): string {
  return formatTable(
    output,
    [
      { head: 'BREAKER', value: ({ name }) => name, whole: true },
      { head: 'OUTCOME', value: outcomeText, whole: true },
      { head: 'WHAT', value: whatText, wrap: true },
    ],
    rows,
  );
}

function outcomeText({ outcome, failure }: BreakerWork): string {
  return failure === null ? outcome : 'failed';
}

function whatText({ outcome, override, heardMs, failure }: BreakerWork): string | null {
  if (failure) return failure.message;
  if (override) return overrideText(override);
  return outcome === 'removed' && heardMs !== null ? `not heard of since ${secondText(heardMs)}` : null;
}

function overrideText({ mode, by, host, reason, sinceMs, untilMs }: Override): string {
  const until = untilMs === null ? 'until released' : `until ${secondText(untilMs)}`;
  return `held ${mode} by ${by}@${host} since ${secondText(sinceMs)} ${until}: ${reason}`;
}

/** A line for whoever follows. */
export function breakerWorkLine(asJson: boolean, work: BreakerWork, at: Date): string {
  if (asJson) return formatNdjson({ type: 'maintained', at: at.toISOString(), ...breakerWorkToJson(work) });
  const line = `${at.toISOString()} breaker ${work.name}: ${outcomeText(work)}: ${whatText(work)}`;
  return `${printable(line)}\n`;
}
