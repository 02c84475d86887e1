import { defineEngine, Type } from "@basecommerce/engine";

/** One row for each event, written by a handler of one event: the shortest way from a commit to an effect. */
export default defineEngine({
  name: "bench-latency",
  version: "1.0.0",
  description: "Notes each event, so that it can be seen when the effect was committed",
  config: Type.Object({}),
  from: "beginning",
  migrations: [
    {
      id: "0001_effect",
      up: "create table effect (tenant_id uuid not null, event_id uuid not null, primary key (tenant_id, event_id))",
    },
  ],
  subscriptions: {
    construction: {
      stock_updated: async (event, { db }) => {
        await db.query("insert into effect (tenant_id, event_id) values ($1, $2)", [event.tenant_id, event.event_id]);
      },
    },
  },
});
