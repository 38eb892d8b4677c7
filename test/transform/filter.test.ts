import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Message } from '../../src/model/message.ts';
import { compileFilter, compileType } from '../../src/transform/filter.ts';
import { failureOf } from '../drain/driver.ts';

const message = (body: string | null, more: Partial<Message> = {}): Message => ({
  id: 'm1',
  body: body === null ? null : Buffer.from(body),
  ...more,
});

const refund = message('{"kind":"refund","amount":12,"tags":["a"],"empty":[],"no":false}', {
  attributes: { tenant: { type: 'String', value: 't1' }, body: { type: 'String', value: 'x' } },
  key: 'k1',
  attempts: 2,
});

describe('a filter', () => {
  test.each([
    ["body.kind == 'refund'", true],
    ["body.kind == 'invoice'", false],
    ["body.kind != 'invoice' && body.amount > `10`", true],
    ["contains(body.tags, 'a')", true],
    ["attributes.tenant == 't1'", true],
    ["attributes.body == 'x'", true],
    ["starts_with(key, 'k')", true],
    ['attempts > `1`', true],
    ['body.tags', true],
    ['body.empty', false],
    ['body.no', false],
    ['body.nothing', false],
    ['body.deep.er[0].still', false],
  ])('%s is %j for a JSON body', (expression, matched) => {
    expect(compileFilter(expression)(refund)).toBe(matched ? 'matched' : 'unmatched');
  });

  test('says so where a function does not take what stands there', () => {
    expect(compileFilter("starts_with(body.amount, '1')")(refund)).toBe('unevaluated');
  });

  test('that looks into the body cannot be evaluated for what is no JSON', () => {
    for (const body of ['refund', '', '{"kind":"refund"', null]) {
      expect(compileFilter("body.kind == 'refund'")(message(body))).toBe('unevaluated');
      expect(compileFilter("body.kind != 'refund'")(message(body))).toBe('unevaluated');
    }
  });

  test('that looks at attributes alone matches whatever the body is', () => {
    const attributes = { kind: { type: 'String', value: 'body' } };
    for (const body of ['no json', '{"a":1}', null])
      expect(compileFilter("attributes.kind == 'body'")(message(body, { attributes }))).toBe('matched');
  });

  test('never throws, whatever a message holds', () => {
    const filters = [
      "body.a > `1` || starts_with(body.b, 'x')",
      'length(body) > `0`',
      "attributes.a == 'b'",
    ].map(compileFilter);
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json()),
        fc.dictionary(fc.string(), fc.string()),
        (body, values) => {
          const attributes = Object.fromEntries(
            Object.entries(values).map(([name, value]) => [name, { type: 'String', value }]),
          );
          for (const filter of filters)
            expect(['matched', 'unmatched', 'unevaluated']).toContain(filter(message(body, { attributes })));
        },
      ),
    );
  });

  test.each(['body.kind ==', 'body[', 'nothing(body)', 'length(body, id)', ''])(
    '%j is refused before anything is done',
    async (expression) => {
      const failure = await failureOf(Promise.resolve().then(() => compileFilter(expression)));
      expect(failure).toMatchObject({ kind: 'config', code: 'BAD_FILTER' });
    },
  );
});

test('a type is text, and none where there is nothing', () => {
  expect(compileType('body.kind')(refund)).toBe('refund');
  expect(compileType('body.amount')(refund)).toBe('12');
  expect(compileType('attributes.tenant')(refund)).toBe('t1');
  expect(compileType('body.missing')(refund)).toBeUndefined();
  expect(compileType('body.kind')(message('no json'))).toBeNull();
  expect(compileType('attributes.missing || body.kind')(refund)).toBe('refund');
});
