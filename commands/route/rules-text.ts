import type { Route } from '../../src/routing/index.ts';

/** What else decides: `2 keys, 1 type, load`. */
export function rulesText({
  keys,
  types,
  time,
  load,
}: Pick<Route, 'keys' | 'types' | 'time' | 'load'>): string {
  const count = (n: number, one: string) => (n === 0 ? [] : [`${n} ${one}${n === 1 ? '' : 's'}`]);
  const parts = [
    ...count(Object.keys(keys).length, 'key'),
    ...count(Object.keys(types).length, 'type'),
    ...count(time.length, 'time'),
    ...(load ? ['load'] : []),
  ];
  return parts.join(', ');
}
