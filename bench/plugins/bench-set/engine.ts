import { defineEngine, Type } from "@basecommerce/engine";

/** Two rows for each event, all events of a batch in one statement. */
export default defineEngine({
  name: "bench-set",
  version: "1.0.0",
  description: "Writes two rows for each event, set-based",
  config: Type.Object({}),
  from: "beginning",
  batch_size: 1000,
  migrations: [
    {
      id: "0001_effect",
      up: `create table effect (tenant_id uuid not null, event_id uuid not null, part smallint not null,
             quantity numeric not null, primary key (tenant_id, event_id, part))`,
    },
  ],
  subscriptions: {
    construction: {
      event_types: ["stock_updated"],
      batch: async (events, { db }) => {
        const rows = events.flatMap(({ tenant_id, event_id, event_type, payload }) =>
          event_type === "stock_updated" ? [{ tenant_id, event_id, quantity: payload.new_quantity }] : [],
        );
        await db.query(
          `insert into effect (tenant_id, event_id, part, quantity)
           select e.tenant_id, e.event_id, part, e.quantity
           from json_to_recordset($1::text::json) as e (tenant_id uuid, event_id uuid, quantity numeric),
                generate_series(1, 2) as part`,
          [JSON.stringify(rows)],
        );
      },
    },
  },
});
