/** The public library. */

export {
  DEFAULT_SETTINGS,
  type DrainPlan,
  type DrainReport,
  type DrainRequest,
  openDrain,
  runDrain,
} from './drain/index.ts';
export { type ErrorKind, QctlError } from './errors.ts';
export type { DrainEvents, DrainSnapshot } from './events.ts';
