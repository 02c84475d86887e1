import { existsSync } from "node:fs";
import { join } from "node:path";
import { construction } from "../contracts/construction.ts";
import { announcement } from "../demo/shop/announcement.ts";
import { type DemoPeople, keepPeople, keptPeople, newPeople } from "../demo/shop/credentials.ts";
import { DEMO_SLUG, writeDemoShop } from "../demo/shop/write.ts";
import { hashPassword } from "../platform/auth/password.ts";
import type { Database } from "../platform/database/database.ts";
import { VERTICAL } from "../platform/database/roles.ts";
import { EventContracts } from "../platform/events/ledger.ts";
import { Tenants } from "../platform/tenancy/tenant.ts";
import type { Composition } from "../roles/compose.ts";
import { CONSTRUCTION_STREAM } from "../roles/parts.ts";
import { Administration, OPERATOR } from "./administration.ts";
import { Progress } from "./progress.ts";

/** The demo shop of an embedded start. */
export class DemoShop {
  readonly #data_dir: string;
  readonly #file: string;
  readonly #out: (line: string) => void;

  constructor(data_dir: string, out: (line: string) => void) {
    this.#data_dir = data_dir;
    this.#file = join(data_dir, "demo_shop.json");
    this.#out = out;
  }

  /** Says why the first start takes longer; call it before anything is opened. */
  greet(): void {
    if (existsSync(join(this.#data_dir, "database"))) return;
    this.#out("First start: making a database and the demo shop. This takes some seconds; later starts do not.");
  }

  /** Makes the shop where it is missing; call it before the roles start, while the database has nothing else to do. */
  async prepare({ vertical, parts }: Composition): Promise<DemoPeople> {
    if (!vertical) throw new Error("the demo shop needs the role vertical");
    const tenant = await new Tenants(vertical, VERTICAL).bySlug(DEMO_SLUG);
    if (tenant) return keptPeople(this.#file) ?? (await this.#renew(vertical));
    const people = newPeople();
    keepPeople(this.#file, people);
    const [admin, seller] = await Promise.all([hashed(people.admin), hashed(people.seller)]);
    let bar: Progress | undefined;
    await writeDemoShop({
      database: vertical,
      contracts: new EventContracts(CONSTRUCTION_STREAM, construction),
      partitions: parts.config.stream_partitions,
      users: { admin, seller },
      now: Date.now(),
      progress: (done, all) => {
        bar ??= new Progress("demo shop", all, "steps");
        bar.update(done);
      },
    }).finally(() => bar?.stop());
    return people;
  }

  /** Says how to use the shop as soon as the stock engine has seen its whole history. */
  async announce({ vertical }: Composition, url: string, people: DemoPeople): Promise<void> {
    if (vertical) await historySeen(vertical);
    this.#out(announcement(url, people, this.#file));
  }

  /** The file with the passwords is gone: new ones, for the same people. */
  async #renew(database: Database): Promise<DemoPeople> {
    const people = newPeople();
    const administration = new Administration(database);
    const tenant = await administration.tenant(DEMO_SLUG);
    const { items } = await administration.users.list(tenant, { limit: 200, q: "@demo.example" });
    for (const { email, password } of [people.admin, people.seller]) {
      const person = items.find((user) => user.email === email);
      if (person) await administration.users.change(tenant, OPERATOR, person.id, { password });
    }
    keepPeople(this.#file, people);
    return people;
  }
}

async function hashed<P extends { password: string }>({ password, ...rest }: P) {
  return { ...rest, password_hash: await hashPassword(password) };
}

/** Of a history of thousands of events; a batch takes milliseconds. */
const SEEN_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 20;

/** Resolves when the stock engine's position in each partition is at its newest event. */
async function historySeen(database: Database): Promise<void> {
  const deadline = performance.now() + SEEN_WITHIN_MS;
  for (;;) {
    const [row] = await database.query<{ seen: boolean | null }>(
      `select bool_and(p.position >= l.newest) as seen
       from (select partition, max(seq) as newest from event_log where stream = $1 group by partition) l
       left join engine_position p on p.engine = 'stock' and p.stream = $1 and p.partition = l.partition`,
      [CONSTRUCTION_STREAM],
    );
    if (row?.seen) return;
    if (performance.now() > deadline) {
      throw new Error("the stock engine has not processed the demo shop's history; the log above says why");
    }
    await Bun.sleep(LOOK_EVERY_MS);
  }
}
