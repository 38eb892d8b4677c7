import { expect, test } from 'vitest';
import { guessColumns } from '../../src/init/guess.ts';

const guessed = (name: string) => guessColumns([{ name, type: 'timestamp with time zone' }], []);

test.each([
  ...[
    'run_at',
    'scheduled_for',
    'scheduled_at',
    'next_attempt_at',
    'not_before',
    'due_at',
    'delay_until',
    'deliver_after',
  ],
])('%s is taken for the time that a row waits for', (name) => {
  expect(guessed(name)).toMatchObject({ notBefore: name, times: [name] });
});

test.each(['sent_at', 'processed_at', 'delivered_on', 'created_at', 'updated_at', 'locked_until'])(
  '%s is taken for something that was, and is not asked about',
  (name) => expect(guessed(name)).toMatchObject({ notBefore: null, times: [] }),
);

test('a time of which nothing is known is asked about', () => {
  expect(guessed('window_end')).toMatchObject({ notBefore: null, times: ['window_end'] });
});
