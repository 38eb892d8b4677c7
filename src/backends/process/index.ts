export { type RunOptions, type RunOutcome, runProgram } from './run.ts';
