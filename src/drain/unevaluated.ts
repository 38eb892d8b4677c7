import type { Finding } from '../model/finding.ts';
import { plural } from '../model/plural.ts';
import type { Depth, Unevaluated } from '../sources/source.ts';

/** The code of the finding, which the report replaces by what was so at the end. */
export const UNEVALUATED = 'FILTER_NOT_EVALUATED';

/** What an operator has to know of messages that stay although they may be meant. */
export function unevaluatedText({ count, example }: Unevaluated): string {
  return count === 1
    ? `message ${example} is left out: the filter cannot be evaluated for it`
    : `${count} ${plural(count, 'message is')} left out, such as ${example}: the filter cannot be evaluated for ${plural(count, 'it')}`;
}

/** Of the plan, where the source has been looked at already. */
export function unevaluatedFindings({ unevaluated }: Depth): Finding[] {
  if (!unevaluated) return [];
  return [
    {
      level: 'warning',
      code: UNEVALUATED,
      text: unevaluatedText(unevaluated),
      remedy:
        'their body is no JSON, or holds something that a function of the expression does not take; look at that one, or drain all of them by a run without --filter',
    },
  ];
}

/** Of several processes: each of them has received its own from a queue; of a table all see the same. */
export function togetherUnevaluated(all: readonly (Unevaluated | null)[], own: boolean): Unevaluated | null {
  const some = all.filter((one) => one !== null);
  if (some.length === 0) return null;
  const counts = some.map(({ count }) => count);
  const count = own ? counts.reduce((sum, one) => sum + one, 0) : Math.max(...counts);
  return { count, example: some[0]!.example };
}
