import { EXIT_CODES } from '../exit-codes.ts';
import { fitHelp, helpWidth } from '../help-text.ts';
import { formatTable } from '../term/table.ts';
import type { TopicPage } from '../topics.ts';

const CHECKS = `qctl check … alone ends as Nagios and those like it expect: 0 OK, 1 WARNING,
2 CRITICAL, and 3 UNKNOWN for every error, a wrong flag and a Redis that cannot
be reached included. A signal stays 130 or 143.
`;

/** `qctl help exit-codes`. */
export const page: TopicPage = {
  laidOut: true,
  type: 'exit-code',
  data: EXIT_CODES,
  text: ({ io }) => {
    const table = formatTable(
      io.stdout,
      [
        { head: 'CODE', value: (row) => row.code, align: 'right' },
        { head: 'NAME', value: (row) => row.name },
        { head: 'MEANING', value: (row) => row.description, wrap: true },
      ],
      EXIT_CODES,
    );
    return `${table}\n${fitHelp(CHECKS, helpWidth(io))}`;
  },
};
