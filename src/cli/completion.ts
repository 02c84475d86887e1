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
      out({ bash, zsh, fish }[shell](nodesOf(program, [])));
    });
}

function nodesOf(command: Command, path: string[]): Node[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const words = [
    ...commands.map((sub) => ({ word: sub.name(), help: sub.description() })),
    ...help
      .visibleOptions(command)
      .flatMap(({ long, description }) => (long ? [{ word: long, help: description }] : [])),
  ];
  const below = commands.filter((sub) => sub.name() !== "help").flatMap((sub) => nodesOf(sub, [...path, sub.name()]));
  return [{ path: path.join(" "), words }, ...below];
}

const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
const pathsOf = (nodes: Node[]) => nodes.flatMap(({ path }) => (path === "" ? [] : [quoted(path)]));

/** The words that are commands lead to a node; flags and values do not. Names as zsh has none of: `path` is one there. */
function bash(nodes: Node[]): string {
  const cases = nodes.map(
    ({ path, words }) => `    '${path}') choices='${words.map(({ word }) => word).join(" ")}' ;;`,
  );
  return `_basecommerce() {
  local at='' word='' choices=''
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    case "\${at:+$at }$word" in
    ${pathsOf(nodes).join(" | ")}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$choices" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _basecommerce basecommerce`;
}

/** zsh runs completions made for bash. */
function zsh(nodes: Node[]): string {
  return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(nodes)}`;
}

function fish(nodes: Node[]): string {
  const lines = nodes.flatMap(({ path, words }) =>
    words.map(({ word, help }) => {
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-f -a ${word}`;
      return `complete -c basecommerce -n ${quoted(`__basecommerce_at ${path}`)} ${what} -d ${quoted(help)}`;
    }),
  );
  return `function __basecommerce_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim "$at $word")
    switch $next
      case ${pathsOf(nodes).join(" ")}
        set at $next
    end
  end
  test "$at" = "$argv"
end
${lines.join("\n")}`;
}
