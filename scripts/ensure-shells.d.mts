/** A program that was found: its path, and the folder that Debian's packages were unpacked in where it was not installed. */
export interface FoundShell {
  path: string;
  tree?: string;
}
/** The shell, or tmux, to use, or undefined where there is none. */
export declare function findShell(
  name: 'bash' | 'zsh' | 'fish' | 'tmux',
  env?: NodeJS.ProcessEnv,
): FoundShell | undefined;
