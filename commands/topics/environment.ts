import { BREAKER_VARIABLES } from '../../src/config/breaker-variables.ts';
import { VARIABLES, type Variable } from '../../src/config/environment.ts';
import { fitHelp, helpWidth } from '../help-text.ts';
import { formatTable } from '../term/table.ts';
import type { TopicPage } from '../topics.ts';

const rows: readonly Variable[] = [...Object.values(VARIABLES), ...BREAKER_VARIABLES];

const FIRST = `Of several names in a line the first that is set counts. Flags stand above all
of them, qctl.yaml stands below.`;

const BREAKERS = `NAME is a circuit breaker in capitals, as in WAZUH_CB_TIMEOUT=60s: the one that
says env: WAZUH in qctl.yaml, else wazuh, else those there that begin with
wazuh-. Durations without a unit are seconds.`;

const STEPS = `Commands that a cutover runs get QCTL_RUN, QCTL_PLAN, QCTL_STEP, QCTL_STAGE,
QCTL_PERCENT, QCTL_STATE, QCTL_WHY and QCTL_DRY_RUN (1 in a rehearsal), those
that notify QCTL_EVENT as well.`;

/** `qctl help environment`. */
export const page: TopicPage = {
  laidOut: true,
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
    const [first, breakers, steps] = [FIRST, BREAKERS, STEPS].map((text) => fitHelp(text, helpWidth(io)));
    return `${first}\n\n${table}\n${breakers}\n\n${steps}\n`;
  },
};
