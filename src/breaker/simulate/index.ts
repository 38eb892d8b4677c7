/** What a breaker would do with calls that were recorded or are made up; touches nothing. */

export {
  countCalls,
  type GeneratedCalls,
  generateOutcomes,
  type Outage,
  parseOutage,
  parsePercentage,
} from './generate.ts';
export type { Approach, Nearest } from './nearest.ts';
export type { Outcome } from './outcome.ts';
export { type BadLine, OutcomeParser, parseOutcomeLine } from './parse-outcomes.ts';
export { type SimulatedMove, Simulation, type SimulationResult } from './simulation.ts';
