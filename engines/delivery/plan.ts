import {
  type EngineApp,
  type EngineDb,
  type EngineTenant,
  keyOfCursor,
  pageOf,
  pageQuery,
  type Row,
  t,
} from "@basecommerce/engine";
import type { DeliveryConfig } from "./config.ts";
import { calendarDay, Day } from "./day.ts";
import { region, type Status, status } from "./deliveries.ts";
import { explainRoute } from "./explanation.ts";

/** Nothing in common with other names: ids of routes, by shop, day, region and number. */
const NAMESPACE = "0f6f3d1c-58a4-4c2c-9d2b-7b1f9a0c5e44";

interface Stop extends Row {
  region: string;
  route: number;
  position: number;
  order_id: string;
  number: string | null;
  status: Status;
  customer_name: string | null;
  address: Row | null;
}

/** One round of one vehicle. */
export interface Route {
  id: string;
  date: string;
  region: string;
  /** 1, 2, … in its region. */
  number: number;
  stops: Omit<Stop, "region" | "route">[];
  /** Stops × cost of a stop, with 2 places. */
  cost: string;
  explanation: string;
}

// A delivery that leaves between the two statements below would be in no plan. In the order in which events lock them.
const HOLD = `
  select 1 from deliveries where tenant_id = $1 and delivery_date = $2::date order by order_id for no key update`;

// What has left already keeps its place, the rest of the day is planned anew behind it.
const FORGET = `
  delete from stops s using deliveries d
  where s.tenant_id = $1 and s.delivery_date = $2::date and d.tenant_id = s.tenant_id and d.order_id = s.order_id
    and d.status in ('pending', 'preparing', 'cancelled')`;

const PLAN = `
  with gone as (
    select region, max(route) as routes from stops where tenant_id = $1 and delivery_date = $2::date group by 1
  ), waiting as (
    select d.order_id, ${region} as region,
           row_number() over (partition by ${region} order by
             regexp_replace(coalesce(d.address->>'postal_code', ''), '\\D', '', 'g'), d.address->>'street',
             d.address->>'number', d.order_id) - 1 as place
    from deliveries d
    where d.tenant_id = $1 and d.delivery_date = $2::date and d.status = 'preparing'
  )
  insert into stops (tenant_id, delivery_date, order_id, region, route, position, planned_at)
  select $1, $2::date, order_id, region, coalesce(routes, 0) + place / $3::int + 1, place % $3::int + 1, now()
  from waiting left join gone using (region)`;

// Nobody drives to what was cancelled, whether or not the day is planned again.
const STOPS = `
  select s.region, s.route, s.position, s.order_id, d.number, ${status} as status, d.customer_name, d.address
  from stops s join deliveries d using (tenant_id, order_id) left join arrivals a using (tenant_id, order_id)
  where s.tenant_id = $1 and s.delivery_date = $2::date and d.status <> 'cancelled'
  order by s.region collate "C", s.route, s.position`;

async function routesOf(db: EngineDb, tenant: EngineTenant, config: DeliveryConfig, date: string): Promise<Route[]> {
  const stops = await db.query<Stop>(STOPS, [tenant.tenant_id, date]);
  const routes = new Map<string, Route>();
  for (const { region: name, route: number, ...stop } of stops) {
    const key = `${name} ${number}`;
    const id = Bun.randomUUIDv5(`${tenant.tenant_id} ${date} ${key}`, NAMESPACE);
    const route = routes.get(key) ?? { id, date, region: name, number, stops: [], cost: "0.00", explanation: "" };
    route.stops.push(stop);
    routes.set(key, route);
  }
  return [...routes.values()].map((route) => {
    const cost = costOf(route.stops.length, config.cost_per_stop);
    return { ...route, cost, explanation: explainRoute({ ...route, cost }, tenant.locale) };
  });
}

/** In whole cents: money is never a float. */
function costOf(stops: number, cost_per_stop: string): string {
  const cents = (BigInt(cost_per_stop.replace(".", "")) * BigInt(stops)).toString().padStart(3, "0");
  return `${cents.slice(0, -2)}.${cents.slice(-2)}`;
}

/** `POST /plan-routes`, `GET /routes`. */
export function planRoutes(app: EngineApp<DeliveryConfig>) {
  return app
    .post(
      "/plan-routes",
      async ({ db, tenant, config, body: { date } }) => {
        calendarDay(date, "/date");
        // One plan of a day at a time: two would both number their routes from the same place.
        await db.query("select pg_advisory_xact_lock(hashtext($1))", [`plan ${tenant.tenant_id} ${date}`]);
        await db.query(HOLD, [tenant.tenant_id, date]);
        await db.query(FORGET, [tenant.tenant_id, date]);
        await db.query(PLAN, [tenant.tenant_id, date, config.max_stops]);
        return { date, routes: await routesOf(db, tenant, config, date) };
      },
      { body: t.Object({ date: Day }, { additionalProperties: false }) },
    )
    .get(
      "/routes",
      async ({ db, tenant, config, query: { date, limit = 50, cursor } }) => {
        const routes = await routesOf(db, tenant, config, calendarDay(date, "/date"));
        const after = cursor === undefined ? undefined : keyOfCursor(cursor, /^[^\0]{1,300}$/);
        const place = after === undefined ? 0 : routes.findIndex((route) => keyOf(route) > after);
        return pageOf(place === -1 ? [] : routes.slice(place, place + limit + 1), limit, keyOf);
      },
      { query: t.Object({ ...pageQuery, date: Day }, { additionalProperties: false }) },
    );
}

function keyOf({ region: name, number }: Route): string {
  return `${name} ${String(number).padStart(6, "0")}`;
}
