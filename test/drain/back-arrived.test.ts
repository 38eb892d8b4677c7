import { expect, test } from 'vitest';
import { Arrived, nameOf } from '../../src/drain/back/sqs/arrived.ts';

const entry = { stream: 'orders', entry: '1-0', digest: 'abc' };

test('an id that a failover has given to another message is not taken for the one that arrived', () => {
  const arrived = new Arrived();
  arrived.add(nameOf(entry));
  expect(arrived.has(nameOf(entry))).toBe(true);
  expect(arrived.has(nameOf({ ...entry, digest: 'abd' }))).toBe(false);
  expect(arrived.has(nameOf({ ...entry, stream: 'orders:1' }))).toBe(false);
});

test('of a run of days only the last entries are remembered', () => {
  const arrived = new Arrived(3);
  for (const name of ['a', 'b', 'c', 'd', 'd']) arrived.add(name);
  expect(['a', 'b', 'c', 'd'].filter((name) => arrived.has(name))).toEqual(['b', 'c', 'd']);
});
