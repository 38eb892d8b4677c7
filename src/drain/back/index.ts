export { type BackPlan, type OpenBack, openBack } from './open.ts';
export type { BackReport } from './report.ts';
export {
  BACK_SETTINGS,
  type BackRequest,
  type BackSettings,
  type BackSource,
  type BackTarget,
} from './request.ts';
export { runBack } from './run.ts';
export { verifyBack } from './verify.ts';
