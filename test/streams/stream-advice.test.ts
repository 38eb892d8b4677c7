import { expect, test } from 'vitest';
import { streamSettings } from '../../src/config/streams.ts';
import type { GroupWithMembers, Member, StreamDetail, StreamFacts } from '../../src/streams/index.ts';
import { adviseOn } from '../../src/streams/stream-advice.ts';

const settings = streamSettings({}, 'orders');
const member: Member = {
  consumer: 'c1',
  pending: 2,
  idleMs: 10,
  inactiveMs: null,
  oldestPendingId: '1-0',
  oldestPendingAgeMs: null,
  verdict: 'active',
};
const group: GroupWithMembers = {
  stream: 'orders',
  group: 'workers',
  consumers: 1,
  pending: 2,
  oldestPendingId: '1-0',
  oldestPendingAgeMs: null,
  lag: 0,
  lagAtLeast: 0,
  lagAtMost: 0,
  lagHow: 'position',
  lagNote: null,
  lastDeliveredId: '9-0',
  lastDeliveredAgeMs: null,
  oldestUndeliveredId: null,
  oldestUndeliveredAgeMs: null,
  members: [member],
};
const detail: Omit<StreamDetail, 'advice'> = {
  stream: 'orders',
  length: 9,
  firstId: '1-0',
  firstAgeMs: 5000,
  lastId: '9-0',
  lastAgeMs: null,
  lastGeneratedId: '9-0',
  maxDeletedId: null,
  entriesAdded: null,
  memoryBytes: null,
  settings,
  deadLetters: 0,
  waiting: 0,
  nextDueAt: null,
  groups: [group],
};
const facts: StreamFacts = { ...detail, timeMs: 0, groups: [] };
const advise = (one: Omit<StreamDetail, 'advice'>) => adviseOn(one, facts);
const stuck = (count: number): Member[] =>
  Array.from({ length: count }, (_, at) => ({ ...member, consumer: `c${at + 1}`, verdict: 'stuck' }));

test('a stream that is well is left alone', () => {
  expect(advise(detail)).toEqual([]);
  const caughtUp = { ...group, consumers: 0, pending: 0, members: [] };
  expect(advise({ ...detail, groups: [caughtUp] })).toEqual([]);
  expect(advise({ ...detail, length: 0, groups: [] })).toEqual([]);
});

test.each<[what: string, more: Partial<StreamDetail>, finding: object]>([
  [
    'entries wait for a group that has no consumers',
    { groups: [{ ...group, consumers: 0, pending: 0, lag: null, members: [] }] },
    {
      level: 'warning',
      code: 'GROUP_WITHOUT_CONSUMERS',
      text: 'group workers has no consumers, and entries wait for it',
      remedy: "start its consumers; 'qctl group delete orders workers' where nobody needs it any more",
    },
  ],
  [
    'consumers that hold entries are gone',
    { groups: [{ ...group, members: [...stuck(7), member] }] },
    {
      level: 'warning',
      code: 'PENDING_STUCK',
      text: 'group workers: 14 entries are pending with consumers that were not seen for 5m00s or longer: c1, c2, c3, c4, c5 and 2 more',
      remedy: "'qctl claim orders workers' hands them to a consumer that is alive",
    },
  ],
  [
    'the group of the configuration does not exist',
    { settings: { ...settings, group: 'worker' } },
    {
      level: 'warning',
      code: 'GROUP_MISSING',
      text: 'the configuration names group worker, which does not exist',
      remedy: "'qctl group create orders worker' makes it",
    },
  ],
  [
    'it is longer than it should be',
    { settings: { ...settings, maxLen: 8 } },
    {
      level: 'warning',
      code: 'LENGTH_OVER_MAX',
      text: 'it holds 9 entries, 1 more than maxLen 8',
      remedy: "'qctl stream trim orders' cuts it; see that who adds to it trims, too",
    },
  ],
  [
    'its entries are older than they should be',
    { settings: { ...settings, maxAgeMs: 4999 } },
    {
      level: 'warning',
      code: 'AGE_OVER_MAX',
      text: 'its first entry is older than maxAge',
      remedy: "'qctl stream trim orders' cuts it",
    },
  ],
  [
    'there are dead letters',
    { deadLetters: 3 },
    {
      level: 'note',
      code: 'DEAD_LETTERS',
      text: '3 dead letters lie in orders:dead',
      remedy: "'qctl dlq ls orders' shows why",
    },
  ],
  ['nobody consumes it', { groups: [] }, expect.objectContaining({ level: 'note', code: 'NO_GROUPS' })],
])('it is said when %s', (_, more, finding) => {
  expect(advise({ ...detail, ...more })).toEqual([finding]);
});

test('what is allowed is not called too much', () => {
  const exact = { ...settings, maxLen: 9, maxAgeMs: 5000, group: 'workers' };
  expect(advise({ ...detail, settings: exact, deadLetters: null })).toEqual([]);
});

test('a command in the advice quotes the name of the stream, whatever it is', () => {
  const [{ remedy } = { remedy: '' }] = advise({ ...detail, stream: 'x; touch y; $(id)', groups: [] });
  expect(remedy).toContain("qctl group create 'x; touch y; $(id)' GROUP");
});
