import { type Command, Option } from "commander";
import { createTenant } from "../platform/identity/index.ts";
import { listShops, setShopActive } from "../platform/identity/shop-register.ts";
import type { Tenant } from "../platform/tenancy/tenant.ts";
import { administer } from "./administration.ts";
import { columns } from "./columns.ts";
import { OWNER_SETTINGS } from "./owner-url.ts";
import { withSettings } from "./setting-flags.ts";
import type { Surroundings } from "./surroundings.ts";
import { registerDelete, registerExport } from "./tenant-data.ts";

interface NewShopFlags extends Record<string, unknown> {
  slug: string;
  name: string;
  timeZone?: string;
  locale?: Tenant["locale"];
  json?: boolean;
}

/** `basecommerce tenant …`: the shops of this platform. Needs the owner's login. */
export function registerTenant(program: Command, surroundings: Surroundings): void {
  const tenant = program
    .command("tenant")
    .description("shops: create, list, suspend, resume, export, delete; needs the owner's login");
  registerCreate(tenant, surroundings);
  registerList(tenant, surroundings);
  registerSwitch(tenant, surroundings, "suspend", false);
  registerSwitch(tenant, surroundings, "resume", true);
  registerExport(tenant, surroundings);
  registerDelete(tenant, surroundings);
}

function registerCreate(tenant: Command, { environment, out }: Surroundings): void {
  withSettings(tenant.command("create"), OWNER_SETTINGS)
    .description("make a shop and print its id")
    .requiredOption("--slug <slug>", "subdomain of the shop: 3–63 of a–z, 0–9 and inner hyphens")
    .requiredOption("--name <name>", "name as customers know it")
    .option("--time-zone <zone>", "whose days are the shop's days [America/Sao_Paulo]")
    .addOption(new Option("--locale <locale>", "language of explanations [pt-BR]").choices(["pt-BR", "en"]))
    .option("--json", "print the shop as JSON")
    .action(async (flags: NewShopFlags) => {
      await administer(flags, environment, async (administration) => {
        const { slug, name, timeZone: time_zone, locale, json } = flags;
        const shop = await administration.transaction((tx) => createTenant(tx, { slug, name, time_zone, locale }));
        out(json ? JSON.stringify(shop) : shop.tenant_id);
      });
    });
}

function registerList(tenant: Command, { environment, out }: Surroundings): void {
  withSettings(tenant.command("list"), OWNER_SETTINGS)
    .description("list the shops")
    .option("--json", "print them as a JSON list")
    .action(async (flags: { json?: boolean }) => {
      await administer({ ...flags }, environment, async (administration) => {
        const shops = await administration.transaction(listShops);
        if (flags.json) {
          out(JSON.stringify(shops));
          return;
        }
        const rows = shops.map(({ slug, name, active, users, created_at, tenant_id }) => [
          slug,
          name,
          active ? "active" : "suspended",
          String(users),
          created_at.slice(0, 10),
          tenant_id,
        ]);
        out(columns(["SLUG", "NAME", "STATE", "USERS", "SINCE", "ID"], rows));
      });
    });
}

function registerSwitch(tenant: Command, { environment, out }: Surroundings, name: string, active: boolean): void {
  withSettings(tenant.command(`${name} <slug>`), OWNER_SETTINGS)
    .description(active ? "let a suspended shop work again" : "refuse a shop's requests; its data stay")
    .action(async (slug: string, flags: Record<string, unknown>) => {
      await administer(flags, environment, async (administration) => {
        await administration.transaction((tx) => setShopActive(tx, slug, active));
        out(`${slug} is ${active ? "active" : "suspended"}; running processes follow within seconds`);
      });
    });
}
