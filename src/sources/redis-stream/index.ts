export { type Acked, closeConsumers, type HandOptions, LaneHand, type Outcome, seedLane } from './hand.ts';
export { LaneGone, LaneLost } from './lane-gone.ts';
export {
  consumerOf,
  laneKeys,
  leftConsumerOf,
  type PageWanted,
  type TakeMode,
  type TakenEntry,
  type TakenPage,
  type TakeOptions,
  Taker,
} from './taking.ts';
