import { join } from "node:path";
import { Child } from "./child.ts";
import { whenDone } from "./cleanup.ts";
import { temporaryFolder } from "./folder.ts";
import { programPath } from "./packages.ts";
import { descendants } from "./process-tree.ts";
import { until } from "./until.ts";

export interface NginxOptions {
  /** Path of a whole configuration, as it is shipped. */
  config: string;
  /** Exact texts of it and what takes their place. Each has to be there exactly once. */
  substitutions: Record<string, string>;
  /** A process whose network it takes part in. */
  network?: number;
}

/** The real nginx with a configuration as shipped, but for the given substitutions; it writes in its own folder only. */
export class Nginx {
  readonly folder: string;
  readonly #program: string;
  readonly #options: NginxOptions;
  readonly #dispose = whenDone(async () => {
    await this.#child?.kill();
  });
  #child: Child | undefined;

  constructor(program: string, folder: string, options: NginxOptions) {
    this.#program = program;
    this.folder = folder;
    this.#options = options;
  }

  get pid(): number {
    if (!this.#child) throw new Error("this nginx is not running");
    return this.#child.pid;
  }

  accessLog(): Promise<string> {
    return Bun.file(join(this.folder, "access.log")).text();
  }

  errorLog(): Promise<string> {
    return Bun.file(join(this.folder, "error.log")).text();
  }

  async start(): Promise<void> {
    if (this.#child?.running) return;
    await this.#configure(this.#options.substitutions);
    const globals = `daemon off; pid ${this.folder}/pid;`;
    const child = new Child({
      command: [this.#program, "-p", this.folder, "-c", `${this.folder}/nginx.conf`, "-e", "stderr", "-g", globals],
      cwd: this.folder,
      network: this.#options.network,
      // Killed, it would leave its workers.
      deathSignal: "TERM",
      output: join(this.folder, "error.log"),
    });
    this.#child = child;
    // Written after the sockets were opened, and from then on they take connections.
    await child.started(async () => (await Bun.file(join(this.folder, "pid")).text()).trim() === `${child.pid}`);
  }

  /** Graceful: requests under way are answered. */
  async stop(): Promise<void> {
    await this.#child?.stop("SIGQUIT");
  }

  /** Takes the configuration up anew, with other substitutions if given. Returns when new workers are at work. */
  async reload(substitutions = this.#options.substitutions): Promise<void> {
    await this.#configure(substitutions);
    const before = new Set(descendants(this.pid));
    const said = (await this.errorLog()).length;
    this.#child?.signal("SIGHUP");
    const outcome = await until(
      async () => {
        const complaint = (await this.errorLog()).slice(said);
        if (complaint.includes("[emerg]")) return complaint;
        return descendants(this.pid).some((pid) => !before.has(pid)) && "reloaded";
      },
      { what: "nginx to reload" },
    );
    if (outcome !== "reloaded") throw new Error(`nginx did not reload:\n${outcome}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispose();
  }

  async #configure(substitutions: Record<string, string>): Promise<void> {
    const shipped = await Bun.file(this.#options.config).text();
    const buffers = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${this.folder}/${name};`,
    );
    const text = substitute(shipped, { ...substitutions, "http {": `http {\n${buffers.join("\n")}` })
      .replaceAll("/var/log/nginx/", `${this.folder}/`)
      .replaceAll("/etc/nginx/tls/", `${this.folder}/tls/`);
    await Bun.write(join(this.folder, "nginx.conf"), text);
  }
}

/** Starts nginx; the caller chooses its port by a substitution of the `listen` line. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const server = new Nginx(await programPath("nginx"), await temporaryFolder("nginx"), options);
  await server.start();
  return server;
}

/** A text that is not there would leave the test with another configuration than it thinks. */
function substitute(text: string, substitutions: Record<string, string>): string {
  let result = text;
  for (const [from, to] of Object.entries(substitutions)) {
    const count = result.split(from).length - 1;
    if (count !== 1) throw new Error(`${JSON.stringify(from)} is in the configuration ${count} times, not once`);
    result = result.replace(from, () => to);
  }
  return result;
}
