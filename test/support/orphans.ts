import { type ChildProcess, spawn } from 'node:child_process';

/*
 * Servers must not outlive the process that started them, however it ends (kill -9 included). One shell
 * a process reads a pipe; the pipe closes when the process is gone, and the shell then stops what is
 * still listed and removes its folders. No polling, and it works the same on Linux and macOS.
 */
const WATCHER = `
trap '' INT TERM HUP
list=' '
while read -r op item; do
  case "$op" in
    +) list="$list$item " ;;
    -) case "$list" in *" $item "*) list="\${list%%" $item "*} \${list#*" $item "}" ;; esac ;;
  esac
done
pids=''
for item in $list; do case "$item" in /*) ;; *) pids="$pids $item" ;; esac; done
if [ -n "$pids" ]; then
  kill -CONT $pids 2>/dev/null; kill -INT $pids 2>/dev/null; sleep 1; kill -KILL $pids 2>/dev/null
fi
for item in $list; do case "$item" in /*) rm -rf "$item" ;; esac; done
`;

let watcher: ChildProcess | undefined;

function tell(line: string): void {
  watcher ??= startWatcher();
  watcher.stdin?.write(`${line}\n`);
}

function startWatcher(): ChildProcess {
  // Its own process group: a Ctrl-C in the terminal must not end it before its parent.
  const child = spawn('/bin/sh', ['-c', WATCHER], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.unref();
  child.stdin?.on('error', () => {});
  (child.stdin as unknown as { unref?(): void } | null)?.unref?.();
  return child;
}

/** From now on this process id, or this absolute folder, ends with the current process. */
export function tieToThisProcess(item: number | string | undefined): void {
  if (item !== undefined) tell(`+ ${item}`);
}

/** It has ended properly. */
export function release(item: number | string | undefined): void {
  if (item !== undefined) tell(`- ${item}`);
}
