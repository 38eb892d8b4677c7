import type { Command } from 'commander';

/** What `drain` does about messages that are not due yet. */
export interface ScheduleFlags {
  refuseScheduled?: boolean;
}

/** Adds them. */
export function addScheduleOptions<C extends Command>(command: C): C {
  command.option(
    '--refuse-scheduled',
    'refuse to begin while messages are scheduled for later, with their count',
  );
  return command;
}
