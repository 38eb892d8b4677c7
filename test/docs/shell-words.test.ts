import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellWord } from '../../src/model/shell-word.ts';
import { splitShellWords } from './shell-words.ts';

test('whatever words are written for a shell are read back', () => {
  const words = fc.array(fc.string({ minLength: 1 }).filter((word) => !/\p{C}/u.test(word)));
  fc.assert(
    fc.property(words, (list) => {
      expect(splitShellWords(list.map(shellWord).join(' '))).toEqual(list);
    }),
  );
});
