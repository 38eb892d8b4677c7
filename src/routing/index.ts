/** Routing of traffic between the old and the new side: decided alike in every process, told from one place. */

export { BUCKETS, bucketOf } from './bucket.ts';
export {
  changeRoute,
  editRules,
  type RouteChange,
  type RouteEdit,
  type RouteOrder,
  whoText,
} from './change.ts';
export { decide, type RouteDecision, type RouteQuestion, type RouteRule } from './decide.ts';
export { FileRouteStore } from './file-store.ts';
export { measureLoad, type RouterClient } from './load.ts';
export { checkRouteName, isRouteName } from './name.ts';
export type { RouteChangeRecord, RouteLook } from './record.ts';
export { KEPT_CHANGES, RedisRouteStore } from './redis-store.ts';
export {
  DEFAULT_RULES,
  type LoadRule,
  type Route,
  type RouteRules,
  rulesOf,
  type Share,
  type Side,
  sameRules,
  type TimeRule,
} from './route.ts';
export { Router } from './router.ts';
export type { RouterEvents, RouterOptions, RouterQuestion, RouterStatus } from './router-types.ts';
export { type RuleProblem, readRules } from './rules.ts';
export { parsePercent, shareText } from './share.ts';
export type { RouteStore, RouteWrite } from './store.ts';
export { loadText, type RuleLine, ruleLines, timeText } from './text.ts';
