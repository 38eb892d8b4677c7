import { VARIABLES, type Variable } from '../../src/config/environment.ts';
import { formatTable } from '../term/table.ts';
import type { TopicPage } from '../topics.ts';

const rows = Object.values(VARIABLES) as readonly Variable[];

/** `qctl help environment`. */
export const page: TopicPage = {
  type: 'variable',
  data: rows.map(({ names, description, secret = false }) => ({ names, description, secret })),
  text: ({ io }) => {
    const table = formatTable(
      io.stdout,
      [
        { head: 'VARIABLE', value: (row) => row.names.join(', '), wrap: true },
        { head: 'MEANING', value: (row) => row.description, wrap: true },
      ],
      rows,
    );
    return `Of several names in a line the first that is set counts. Flags stand above all of them,\nqctl.yaml stands below.\n\n${table}`;
  },
};
