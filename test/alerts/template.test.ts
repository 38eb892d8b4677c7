import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  fillTemplate,
  fillValue,
  isProblem,
  parseTemplate,
  type Template,
} from '../../src/alerts/template.ts';

const known = ['value', 'rule', 'with.stream'];
const read = (text: string) => parseTemplate(text, known) as Template;

test('names in double braces are filled in, everything else stays', () => {
  const template = read('{{ rule }}: {{value}} in {{with.stream}} { } }}');
  expect(fillTemplate(template, { rule: 'deep', value: 1204, 'with.stream': 'orders' })).toBe(
    'deep: 1204 in orders { } }}',
  );
  expect(fillTemplate(read('{{value}}'), { value: null })).toBe('?');
});

test.each([
  ['{{valeu}}', 'placeholder {{valeu}} is not known', 'did you mean {{value}}?'],
  ['a {{value', '{{ in column 3 is not closed', 'close it with }}'],
  ['{{value > 1}}', '{{value > 1}} is no name', 'templates are filled in, not evaluated'],
  ['{{constructor}}', 'placeholder {{constructor}} is not known', 'known are value, rule, with.stream'],
])('%s is an error that says what is wrong', (text, problem, hint) => {
  expect(parseTemplate(text, known)).toEqual({ problem, hint });
});

test('a value that looks like a placeholder is put in as it is', () => {
  expect(fillTemplate(read('{{rule}} {{value}}'), { rule: '{{value}}', value: 3 })).toBe('{{value}} 3');
});

test('a text that is one placeholder keeps the kind of its value', () => {
  expect(fillValue(read('{{value}}'), { value: 3 })).toBe(3);
  expect(fillValue(read('{{value}} left'), { value: 3 })).toBe('3 left');
});

test('whatever is written: it is read or refused, and what is put in comes out whole', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('{{value}}', '{{rule}}', '{{', '}}', '{', '}'))),
      fc.string(),
      (pieces, value) => {
        const text = pieces.join('');
        const template = parseTemplate(text, known);
        if (isProblem(template)) return template.problem.length > 0;
        const written = template.parts.map((part) => (typeof part === 'string' ? part : 0));
        const filled = fillTemplate(template, { value, rule: value });
        return filled === written.map((part) => (part === 0 ? value : part)).join('');
      },
    ),
  );
});

test('plain text around one placeholder is read back as it was', () => {
  const plain = fc.string().filter((text) => !text.includes('{') && !text.includes('}'));
  fc.assert(
    fc.property(plain, plain, (before, after) => {
      expect(fillTemplate(read(`${before}{{value}}${after}`), { value: 7 })).toBe(`${before}7${after}`);
    }),
  );
});
