/** What a check found: fine, fine with a warning an operator should see, or not. */
export type Finding = { status: "ok"; detail?: string } | { status: "unavailable"; detail: string };

export interface ReadyReport {
  status: "ok" | "unavailable";
  checks: Record<string, Finding>;
}

const CHECK_TIMEOUT_MS = 2000;

/** A process's own dependencies, each by name. `/ready` is this report. */
export class Readiness {
  readonly #checks = new Map<string, () => Promise<string | undefined>>();
  #state: "starting" | "serving" | "draining" = "starting";

  /** `check` resolves when the dependency can be used (a string is a warning), and rejects with the reason otherwise. */
  add(name: string, check: () => Promise<string | undefined>): void {
    this.#checks.set(name, check);
  }

  serving(): void {
    this.#state = "serving";
  }

  draining(): void {
    this.#state = "draining";
  }

  get state(): "starting" | "serving" | "draining" {
    return this.#state;
  }

  async report(): Promise<ReadyReport> {
    const entries = await Promise.all(
      [...this.#checks].map(async ([name, check]): Promise<[string, Finding]> => [name, await find(check)]),
    );
    if (this.#state !== "serving") entries.unshift(["process", { status: "unavailable", detail: this.#state }]);
    const well = entries.every(([, finding]) => finding.status === "ok");
    return { status: well ? "ok" : "unavailable", checks: Object.fromEntries(entries) };
  }
}

async function find(check: () => Promise<string | undefined>): Promise<Finding> {
  const timeout = new Promise<never>((_, reject) => {
    setTimeout(reject, CHECK_TIMEOUT_MS, new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)).unref();
  });
  try {
    const warning = await Promise.race([check(), timeout]);
    return warning === undefined ? { status: "ok" } : { status: "ok", detail: warning };
  } catch (error) {
    return { status: "unavailable", detail: error instanceof Error ? error.message : "failed" };
  }
}
