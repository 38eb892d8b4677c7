import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { planRollback, type Undoable } from '../../src/cutover/index.ts';

const some: fc.Arbitrary<Undoable[]> = fc
  .array(
    fc.record({
      state: fc.constantFrom(
        'pending',
        'applied',
        'already',
        'failed',
        'unknown',
        'undoing',
        'undone',
        'undoFailed',
      ),
      order: fc.constantFrom('file', 'refresh', 'raise', 'lower', 'return', 'plain'),
      resource: fc.constantFrom('x', 'y', undefined),
    }),
    { maxLength: 12 },
  )
  .map((steps) => steps.map((one, at) => ({ ...one, id: `s${at}` })) as Undoable[]);

const all = (steps: Undoable[]): string[] => {
  const { restore, lower, giveBack } = planRollback(steps);
  return [...restore, ...lower, ...giveBack];
};

test('each step that was begun is undone once, and no other', () => {
  fc.assert(
    fc.property(some, (steps) => {
      const begun = steps.filter(({ state }) => !['pending', 'already', 'undone'].includes(state));
      expect(all(steps).sort()).toEqual(begun.map(({ id }) => id).sort());
    }),
  );
});

test('what stops the new side comes after all that brings up the old one, but for the same thing', () => {
  fc.assert(
    fc.property(some, (steps) => {
      const order = all(steps);
      const raises = steps.filter(({ order, id }) => order === 'raise' && all(steps).includes(id));
      for (const lower of steps.filter(({ order: turn, id }) => turn === 'lower' && order.includes(id))) {
        const shared = steps.some(
          (one) =>
            one.order === 'raise' &&
            one.resource === lower.resource &&
            lower.resource &&
            !['pending', 'already'].includes(one.state),
        );
        if (!shared)
          for (const raise of raises) expect(order.indexOf(raise.id)).toBeLessThan(order.indexOf(lower.id));
      }
    }),
  );
});

test('messages go back after everything else', () => {
  fc.assert(
    fc.property(some, (steps) => {
      const turns = all(steps).map((id) => steps.find((one) => one.id === id)!.order === 'return');
      expect(turns).toEqual([...turns].sort());
    }),
  );
});

test('files are back before what reads them, and the readers run forwards', () => {
  const step = (id: string, order: Undoable['order'], resource?: string): Undoable => ({
    id,
    state: 'applied',
    order,
    resource,
  });
  const steps = [
    ...[step('env', 'file'), step('unit', 'file'), step('reload', 'refresh'), step('restart', 'refresh')],
    ...[step('stop old', 'raise', 'old'), step('start new', 'lower', 'new'), step('route', 'plain')],
  ];
  expect(planRollback(steps)).toEqual({
    restore: ['route', 'stop old', 'unit', 'env', 'reload', 'restart'],
    lower: ['start new'],
    giveBack: [],
  });
});
