import type { Command } from "commander";
import { ConfigError } from "../../config/config.ts";
import type { Surroundings } from "../surroundings.ts";
import { CHECKS, type Target } from "./checks.ts";

interface Result {
  check: string;
  /** Null when it is as it should be. */
  problem: string | null;
}

/** `basecommerce smoke`: a deployment as its users reach it. */
export function registerSmoke(program: Command, { out }: Surroundings, finish: (code: number) => void): void {
  program
    .command("smoke <url>")
    .description("check a deployment from outside by the URL of one of its shops; exit code 1 when a check fails")
    .option("--host <name>", "name of the shop in the domain, where the URL has only an address")
    .option("--json", "print the results as a JSON list")
    .action(async (text: string, { host, json }: { host?: string; json?: boolean }) => {
      const results: Result[] = [];
      const target = targetOf(text, host);
      for (const { name, run } of CHECKS) {
        if (name === "certificate" && target.url.protocol !== "https:") continue;
        const problem = await run(target).then(
          () => null,
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        );
        results.push({ check: name, problem });
        if (!json) out(problem === null ? `ok    ${name}` : `FAIL  ${name}: ${problem}`);
      }
      if (json) out(JSON.stringify(results));
      finish(results.some(({ problem }) => problem !== null) ? 1 : 0);
    });
}

function targetOf(text: string, host: string | undefined): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw new ConfigError([`${text} is no URL such as https://casa.example.com`]);
  }
  return { url, host: host ?? url.hostname };
}
