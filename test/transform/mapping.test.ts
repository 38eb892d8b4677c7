import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Message } from '../../src/model/message.ts';
import { rowFields } from '../../src/model/packed.ts';
import { compileMapping, MappingFailure } from '../../src/transform/mapping.ts';
import { packer } from '../../src/transform/pack.ts';

const message: Message = {
  id: 'm1',
  body: Buffer.from('{"type":"alert","n":1.50,"deep":{"list":[1,{"x":null}]},"none":null,"é":"ü"}'),
  attributes: {
    tenant: { type: 'String', value: 't1' },
    blob: { type: 'Binary', value: Buffer.from('raw') },
  },
  key: 'k',
  attempts: 3,
};

const mapped = (fields: Record<string, string>, of = message) => {
  const flat = compileMapping(fields)(of);
  return Object.fromEntries(
    flat.flatMap((name, i) => (i % 2 === 0 ? [[String(name), String(flat[i + 1])]] : [])),
  );
};

describe('a mapping', () => {
  test.each([
    ['body.type', 'alert'],
    ['id', 'm1'],
    ['key', 'k'],
    ['attempts', '3'],
    ['attributes.tenant', 't1'],
    ['attributes.blob', 'raw'],
    ['body.deep.list', '[1,{"x":null}]'],
    ['body."é"', 'ü'],
    ['body.n', '1.5'],
    [`join('-', [id, body.type])`, 'm1-alert'],
    [`'literal'`, 'literal'],
  ])('%s gives %j', (expression, value) => {
    expect(mapped({ out: expression })).toEqual({ out: value });
  });

  test('leaves a field out where there is no value', () => {
    expect(mapped({ a: 'body.none', b: 'body.nothing', c: 'priority', d: 'id' })).toEqual({ d: 'm1' });
  });

  test('keeps the whole body byte for byte, whatever else looks into it', () => {
    fc.assert(
      fc.property(fc.json(), fc.string({ unit: 'grapheme' }), (json, id) => {
        const body = Buffer.from(`  ${json}\n`);
        const entry = compileMapping({ a: 'body', b: 'body.x', c: 'id' })({ id, body });
        expect(entry[1]).toEqual(body);
        expect(entry.slice(-2)).toEqual(['c', id]);
      }),
    );
  });

  test('takes binary bodies as long as nobody looks into them', () => {
    const body = Buffer.from([0, 255, 128]);
    expect(compileMapping({ a: 'body', b: 'id' })({ id: '1', body })).toEqual(['a', body, 'b', '1']);
  });

  test('fails where the body is no JSON, where a function refuses, and where nothing comes out', () => {
    const text = { id: '1', body: Buffer.from('plain') };
    expect(() => mapped({ a: 'body.x' }, text)).toThrow(MappingFailure);
    expect(() => mapped({ a: 'body | type(@)' }, text)).toThrow(/not JSON/);
    expect(() => mapped({ a: 'length(attempts)' })).toThrow(MappingFailure);
    expect(() => mapped({ a: 'priority' })).toThrow(/no field of the mapping has a value/);
  });

  test('that is none is a wrong configuration, and is named', () => {
    expect(() => compileMapping({ good: 'id', bad: 'body.[' })).toThrow(
      /fields\.bad: 'body\.\[' is no JMESPath/,
    );
  });
});

test('what cannot be mapped and what is too large is set aside, with reason and original bytes', () => {
  const bodies = ['{"a":"1"}', 'plain', '{"b":1}', `{"a":"${'x'.repeat(100)}"}`];
  const messages = bodies.map((body, i) => ({ id: String(i), body: Buffer.from(body) }));
  const batch = {
    count: 4,
    bytes: 0,
    rows: null,
    messages: () => messages,
    mark: { kind: 'ledger' as const, deadlineMs: 0 },
  };
  const entries = packer({ fields: { out: 'body.a' }, maxBodyBytes: 50, withKeys: false })(batch);
  expect(entries.ids).toEqual(['0']);
  expect(entries.quarantinedIds).toEqual(['1', '2', '3']);
  const reasons = entries.quarantinedIds.map((_, i) => {
    const fields = rowFields(entries.quarantined, i).map(String);
    return [fields[3], fields[fields.indexOf('reason') + 1]];
  });
  expect(reasons).toEqual([
    [bodies[1], expect.stringMatching(/^mapping failed: the body is not JSON/)],
    [bodies[2], 'mapping failed: no field of the mapping has a value'],
    [bodies[3], `the body has ${bodies[3]!.length} bytes, more than --max-body-bytes 50`],
  ]);
});
