import { readFile } from 'node:fs/promises';
import { addExamples, createCommand, type QctlCommand } from './command.ts';
import type { Context } from './context.ts';
import type { CommandEntry } from './registry.ts';

const FILES = { bash: 'qctl.bash', zsh: '_qctl', fish: 'qctl.fish' } as const;

const INSTALL = `
Install:
  bash  qctl completion bash > ~/.local/share/bash-completion/completions/qctl
  zsh   qctl completion zsh > "\${fpath[1]}/_qctl"
  fish  qctl completion fish > ~/.config/fish/completions/qctl.fish`;

/** `qctl completion <shell>`. */
export function newCommand(context: Context, entry: CommandEntry): QctlCommand {
  const command = createCommand(entry);
  command.registeredArguments[0]?.choices(Object.keys(FILES));
  command.addHelpText('after', INSTALL);
  addExamples(command, [['qctl completion bash', 'the script itself, on stdout']]);
  return command.action((shell: keyof typeof FILES) => printScript(context, shell));
}

async function printScript({ io }: Context, shell: keyof typeof FILES): Promise<void> {
  // The same from the source folder and from dist/: both stand beside completions/.
  io.stdout.write(await readFile(new URL(`../completions/${FILES[shell]}`, import.meta.url), 'utf8'));
}
