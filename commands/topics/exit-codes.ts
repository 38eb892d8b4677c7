import { EXIT_CODES } from '../exit-codes.ts';
import { formatTable } from '../term/table.ts';
import type { TopicPage } from '../topics.ts';

/** `qctl help exit-codes`. */
export const page: TopicPage = {
  type: 'exit-code',
  data: EXIT_CODES,
  text: ({ io }) =>
    formatTable(
      io.stdout,
      [
        { head: 'CODE', value: (row) => row.code, align: 'right' },
        { head: 'NAME', value: (row) => row.name },
        { head: 'MEANING', value: (row) => row.description, wrap: true },
      ],
      EXIT_CODES,
    ),
};
