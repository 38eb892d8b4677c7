import { expect, test } from 'vitest';
import { type Analysis, compareAnalyses, type ShownFinding } from '../../src/analyse/index.ts';

const finding = (code: string, what: string, level: ShownFinding['level'] = 'warning'): ShownFinding => ({
  level,
  code,
  about: 'alerts',
  what,
  why: 'it matters',
  remedy: null,
});

const analysis = (findings: ShownFinding[], source: object, at = '2026-11-22T00:00:00.000Z'): Analysis =>
  ({
    at,
    verdict: findings.length > 0 ? 'warnings' : 'ready',
    server: { label: 'redis', version: '7.0.15', pingP50Ms: Math.random() },
    findings,
    moves: [{ name: 'alerts', source, types: [{ type: 'low', ready: { value: 1, how: 'counted' } }] }],
  }) as unknown as Analysis;

test('an analysis is compared with an earlier one by findings and facts', () => {
  const before = analysis([finding('BLOAT', '40 % dead'), finding('NO_TLS', 'plain')], {
    ready: 5,
    mode: 'move',
  });
  const after = analysis(
    [finding('BLOAT', '60 % dead', 'blocker'), finding('LONG_TRANSACTION', 'pid 7')],
    { ready: 9, mode: 'move' },
    '2026-11-23T00:00:00.000Z',
  );
  const changes = compareAnalyses(before, after);
  expect(changes.since).toBe(before.at);
  expect(changes.appeared.map(({ code }) => code)).toEqual(['LONG_TRANSACTION']);
  expect(changes.gone.map(({ code }) => code)).toEqual(['NO_TLS']);
  expect(changes.changed.map(({ before: b, after: a }) => [b.what, a.what])).toEqual([
    ['40 % dead', '60 % dead'],
  ]);
  expect(changes.facts).toEqual([{ fact: 'moves.alerts.source.ready', before: 5, after: 9 }]);
});

test('the same analysis once more shows no change, whatever is measured anew', () => {
  const changes = compareAnalyses(analysis([], { ready: 5 }), analysis([], { ready: 5 }));
  expect(changes).toMatchObject({ appeared: [], gone: [], changed: [], facts: [] });
});

test('the same kind of finding about two things is told apart', () => {
  const one = { ...finding('BLOAT', 'x'), about: 'a' };
  const other = { ...finding('BLOAT', 'x'), about: 'b' };
  const changes = compareAnalyses(analysis([one], {}), analysis([other], {}));
  expect([changes.appeared, changes.gone]).toEqual([[other], [one]]);
});
