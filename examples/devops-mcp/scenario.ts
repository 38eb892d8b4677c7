import type { Scenario } from '../kit/scenario.ts';

export default {
  title: 'DevOps MCP',
  async play() {
    throw new Error('not there yet');
  },
} satisfies Scenario;
