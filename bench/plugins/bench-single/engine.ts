import { defineEngine, Type } from "@basecommerce/engine";

/** Two rows for each event, by a handler of one event. */
export default defineEngine({
  name: "bench-single",
  version: "1.0.0",
  description: "Writes two rows for each event, event by event",
  config: Type.Object({}),
  from: "beginning",
  concurrency: 24,
  migrations: [
    {
      id: "0001_effect",
      up: `create table effect (tenant_id uuid not null, event_id uuid not null, part smallint not null,
             quantity numeric not null, primary key (tenant_id, event_id, part))`,
    },
  ],
  subscriptions: {
    construction: {
      stock_updated: async ({ tenant_id, event_id, payload }, { db }) => {
        await db.query(
          "insert into effect (tenant_id, event_id, part, quantity) select $1, $2, part, $3 from generate_series(1, 2) as part",
          [tenant_id, event_id, payload.new_quantity],
        );
      },
    },
  },
});
