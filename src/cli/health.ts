import type { Command } from "commander";
import type { Surroundings } from "./surroundings.ts";

export function registerHealth(
  program: Command,
  { environment, out, error }: Surroundings,
  finish: (code: number) => void,
): void {
  program
    .command("health")
    .description("ask a running process whether it is alive; exit code 0 when it is (for container health checks)")
    .option("--url <url>", "address to ask", `http://127.0.0.1:${environment.VERTICAL_PORT || 8000}/health`)
    .action(async ({ url }: { url: string }) => {
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(3000) });
        out(await response.text());
        finish(response.ok ? 0 : 1);
      } catch {
        error(`basecommerce: no answer from ${url}`);
        finish(1);
      }
    });
}
