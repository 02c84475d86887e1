import { Argument, type Command } from "commander";
import type { Surroundings } from "./surroundings.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** What can follow the words of a command. */
interface Node {
  /** Commands so far, e.g. `tenant create`; empty for the program. */
  path: string;
  words: { word: string; help: string }[];
}

/** `basecommerce completion`: a script for a shell, made from the commands as they are. */
export function registerCompletion(program: Command, { out }: Surroundings): void {
  program
    .command("completion")
    .description("print a script that completes commands and flags: source it in the shell's start file")
    .addArgument(new Argument("<shell>", "the shell to make it for").choices(SHELLS))
    .action((shell: (typeof SHELLS)[number]) => {
      const nodes = nodesOf(program, []);
      out({ bash, zsh, fish }[shell](nodes));
    });
}

function nodesOf(command: Command, path: string[]): Node[] {
  const { visibleCommands, visibleOptions } = {
    visibleCommands: command.createHelp().visibleCommands(command),
    visibleOptions: command.createHelp().visibleOptions(command),
  };
  const words = [
    ...visibleCommands.map((sub) => ({ word: sub.name(), help: sub.description() })),
    ...visibleOptions.flatMap(({ long, description }) => (long ? [{ word: long, help: description }] : [])),
  ];
  const below = visibleCommands
    .filter((sub) => sub.name() !== "help")
    .flatMap((sub) => nodesOf(sub, [...path, sub.name()]));
  return [{ path: path.join(" "), words }, ...below];
}

/** The words that are commands lead to a node; flags and values do not. */
function bash(nodes: Node[]): string {
  const cases = nodes.map(({ path, words }) => `    '${path}') words='${words.map(({ word }) => word).join(" ")}' ;;`);
  return `_basecommerce() {
  local path='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
    ${nodes.flatMap(({ path }) => (path === "" ? [] : [`'${path}'`])).join(" | ")}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _basecommerce basecommerce`;
}

/** zsh runs completions made for bash. */
function zsh(nodes: Node[]): string {
  return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(nodes)}`;
}

function fish(nodes: Node[]): string {
  const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = nodes.flatMap(({ path, words }) => {
    const condition = path === "" ? "__fish_use_subcommand" : `__basecommerce_at ${path}`;
    return words.map(({ word, help }) => {
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-f -a ${word}`;
      return `complete -c basecommerce -n ${quoted(condition)} ${what} -d ${quoted(help)}`;
    });
  });
  return `function __basecommerce_at
  set -l words (commandline -opc | string match -v -- '-*')
  test "$words[2..-1]" = "$argv"
end
${lines.join("\n")}`;
}
