import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differences, differenceText } from '../../src/drain/differences.ts';
import { type PostgresSpec, withClaimColumn } from '../../src/drain/index.ts';
import { isSame, type Manifest } from '../../src/drain/manifest.ts';

type Context = Manifest['context'];

const SPEC: PostgresSpec = {
  format: 'generic',
  table: 'public.jobs',
  id: ['id'],
  payload: 'payload',
  ready: "state = 'pending'",
  done: { delete: true },
  mode: 'move',
};
const PGBOSS: PostgresSpec = {
  ...SPEC,
  format: 'pgboss',
  version: '24',
  table: 'pgboss.job',
  ready: 't.state < 1',
  claim: { set: { state: 'active' }, held: 't.id IS NOT NULL', release: { state: 'NULL' } },
  choice: { include: [] },
};
const context = (format: unknown, more: Partial<Context> = {}): Context => ({
  source: 'postgres:shop/public.jobs',
  target: { stream: 'jobs', partitions: 1 },
  format,
  mapping: null,
  ...more,
});
const between = (a: Context, b: Context): string[] => differences(a, b).map(differenceText);
const ofSpecs = (a: object | null, b: object | null): string[] => between(context(a), context(b));

describe('what differs between a run and the command that is to continue it', () => {
  test.each([
    [SPEC, { ...SPEC, ready: "state = 'new'" }, ["--ready: state = 'pending' -> state = 'new'"]],
    [SPEC, { ...SPEC, done: { set: { state: 'migrated' } } }, ['--done: delete -> state=migrated']],
    [SPEC, { ...SPEC, id: ['a', 'b'], key: 'agent' }, ['--id: id -> a, b', '--key: (none) -> agent']],
    [
      { ...SPEC, attributes: { a: 'x', b: 'y' } },
      { ...SPEC, attributes: { a: 'x', b: 'z' } },
      ['--attribute b: y -> z'],
    ],
    [SPEC, withClaimColumn(SPEC, 'taken'), ['--claim-column: (none) -> taken']],
    [
      { ...SPEC, types: ['a'] },
      { ...SPEC, filter: 'body.x' },
      ['--types: a -> (none)', '--filter: (none) -> body.x'],
    ],
    [
      null,
      { filter: 'body.x', types: ['a', 'b'] },
      ['--filter: (none) -> body.x', '--types: (none) -> a, b'],
    ],
  ])('is named by flag, with both values: %#', (before, now, expected) => {
    expect(ofSpecs(before, now)).toEqual(expected);
  });

  test('of a job library is what was chosen; what follows from it is not listed', () => {
    const chosen = {
      ...PGBOSS,
      table: 'pgboss.j1',
      ready: 'other',
      choice: { include: ['dead'], queues: ['mails'] },
    };
    expect(ofSpecs(PGBOSS, chosen)).toEqual(['--include: (none) -> dead', '--queue: (none) -> mails']);
  });

  test('of a job library that was migrated meanwhile is its version, and else what it is', () => {
    expect(ofSpecs(PGBOSS, { ...PGBOSS, version: '25' })).toEqual(['version: 24 -> 25']);
    const other = { ...PGBOSS, claim: { ...PGBOSS.claim, held: 't.id = 1' } };
    expect(ofSpecs(PGBOSS, other)).toEqual(['claim.held: t.id IS NOT NULL -> t.id = 1']);
  });

  test('is cut down to the place where long values differ', () => {
    const long = (end: string) => ({ ...SPEC, ready: `${'kind = 1 AND '.repeat(20)}${end}` });
    const [text] = ofSpecs(long('a = 1'), long('b = 2'));
    expect(text).toBe('--ready: …D kind = 1 AND a = 1 -> …D kind = 1 AND b = 2');
  });

  test('is never nothing where the run is refused', () => {
    const spec = fc.record(
      {
        ready: fc.string(),
        key: fc.constantFrom('', '(none)', null, undefined),
        rank: fc.string(),
        restore: fc.dictionary(fc.string(), fc.string()),
        types: fc.array(fc.string()),
        format: fc.constantFrom('generic', 'river'),
      },
      { requiredKeys: ['format'] },
    );
    const names = ['ready', 'key', 'rank', 'restore', 'types'] as const;
    fc.assert(
      fc.property(spec, spec, fc.constantFrom(...names), (one, other, name) => {
        const [before, now] = [context(one), context({ ...one, [name]: other[name] })];
        expect(differences(before, now).length > 0).toBe(!isSame(before, now));
      }),
    );
  });
});
