import { readlinkSync } from "node:fs";
import { Child } from "./child.ts";
import { whenDone } from "./cleanup.ts";
import { temporaryFolder } from "./folder.ts";
import { programPath } from "./packages.ts";
import { until } from "./until.ts";

/** One machine of a network: where programs are started, and how the others reach them. */
export interface Place {
  /** A process whose network namespace the place is. */
  network: number;
  address: string;
}

/**
 * Machines on one switch, each a network namespace of its own, with nothing of this machine's network but one cable to the
 * switch. They live as long as the processes that hold them, so nothing is left behind whatever happens.
 */
export class Network<Name extends string> {
  readonly places: Readonly<Record<Name, Place>>;
  readonly #ip: string;
  readonly #switch: number;

  constructor(ip: string, hub: number, places: Record<Name, Place>) {
    this.#ip = ip;
    this.#switch = hub;
    this.places = places;
  }

  /** Pulls the cable of a machine: what it sends and what is sent to it is lost. */
  cut(name: Name): void {
    inside(this.#switch, [this.#ip, "link", "set", name, "down"]);
  }

  heal(name: Name): void {
    inside(this.#switch, [this.#ip, "link", "set", name, "up"]);
  }
}

/** Makes the machines and connects them with each other and with this process. Needs root. */
export async function startNetwork<Name extends string>(names: readonly Name[]): Promise<Network<Name>> {
  const ip = await programPath("ip");
  if (process.getuid?.() !== 0 || Bun.spawnSync(["unshare", "--net", "true"]).exitCode !== 0) {
    throw new Error("network namespaces are not permitted here: this test has to run as root with CAP_SYS_ADMIN");
  }
  const [hub, ...holders] = await Promise.all([hold(), ...names.map(hold)]);
  const subnet = `10.${200 + Math.floor(Math.random() * 55)}.${Math.floor(Math.random() * 256)}`;
  inside(hub, [ip, "link", "add", "hub", "type", "bridge"]);
  inside(hub, [ip, "link", "set", "hub", "up"]);
  const places: Partial<Record<Name, Place>> = {};
  for (const [i, name] of names.entries()) {
    const network = holders[i] ?? 0;
    const address = `${subnet}.${i + 1}`;
    inside(hub, [ip, "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", `${network}`]);
    inside(hub, [ip, "link", "set", name, "master", "hub", "up"]);
    inside(network, [ip, "address", "add", `${address}/24`, "dev", "eth0"]);
    for (const device of ["lo", "eth0"]) inside(network, [ip, "link", "set", device, "up"]);
    places[name] = { network, address };
  }
  const cable = `t${process.pid.toString(36)}${subnet.slice(3).replace(".", "x")}`;
  run([ip, "link", "add", cable, "type", "veth", "peer", "name", "test", "netns", `${hub}`]);
  inside(hub, [ip, "link", "set", "test", "master", "hub", "up"]);
  run([ip, "address", "add", `${subnet}.254/24`, "dev", cable]);
  run([ip, "link", "set", cable, "up"]);
  return new Network(ip, hub, places as Record<Name, Place>);
}

/** A process that holds a network namespace of its own; ended when the test file is done. */
async function hold(): Promise<number> {
  const folder = await temporaryFolder("network");
  const child = new Child({ command: ["unshare", "--net", "sleep", "900"], cwd: folder, output: `${folder}/log` });
  whenDone(async () => {
    await child.kill();
  });
  const own = readlinkSync("/proc/self/ns/net");
  await until(() => readlinkSync(`/proc/${child.pid}/ns/net`) !== own, { what: "a network namespace" });
  return child.pid;
}

function inside(network: number, command: string[]): void {
  run(["nsenter", `--net=/proc/${network}/ns/net`, "--", ...command]);
}

function run(command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command, { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
}
