import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ReceiverBounds } from '../../src/drain/index.ts';

/** Receivers where nothing else is asked for: few calls on a quiet queue, and as many as help on a full one. */
export const DEFAULT_RECEIVERS: ReceiverBounds = { min: 4, max: 64 };

/** More sockets than this do not help one process. */
const MOST = 1000;

/** `--receivers` of a drain from SQS. */
export interface ReceiverFlags {
  receivers?: ReceiverBounds;
  workers?: number;
}

/** Adds it. `--workers N` is the same as `--receivers N`. */
export function addReceiverOptions<C extends Command>(command: C): C {
  const { min, max } = DEFAULT_RECEIVERS;
  command.addOption(
    new Option(
      '--receivers <min..max>',
      `receivers at work side by side: more while the rate rises, fewer on a throttle or an empty queue; one number is fixed (default: ${min}..${max})`,
    )
      .argParser(parseReceivers)
      .conflicts('workers'),
  );
  return command;
}

/** The bounds that the flags mean. */
export function receiversOf({ receivers, workers }: ReceiverFlags): ReceiverBounds {
  if (receivers) return receivers;
  return workers === undefined ? DEFAULT_RECEIVERS : { min: workers, max: workers };
}

/** `4..32`, or a single number. */
export function parseReceivers(text: string): ReceiverBounds {
  const [, low, high = low] = /^(\d+)(?:\.\.(\d+))?$/.exec(text.trim()) ?? [];
  const bounds = { min: Number(low), max: Number(high) };
  if (low === undefined || bounds.min < 1 || bounds.max < bounds.min || bounds.max > MOST)
    throw new InvalidArgumentError(`expected a number or min..max, such as 4..32, from 1 to ${MOST}`);
  return bounds;
}
