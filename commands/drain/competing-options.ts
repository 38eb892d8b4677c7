import type { Command } from 'commander';

/** What a drain does about others who work on its source. */
export interface CompetingFlags {
  allowCompeting?: boolean;
}

/** Adds the flag. */
export function addCompetingOptions<C extends Command>(command: C): C {
  command.option(
    '--allow-competing',
    'others may take messages of the source meanwhile: told, and no longer a reason for exit code 8',
  );
  return command;
}
