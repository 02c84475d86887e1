/** Emits for each new product; complains about what it must not say. */
export const ECHO = `
import { defineEngine, PermanentError, Type } from "@basecommerce/engine";

export default defineEngine({
  name: "echo",
  version: "1.0.0",
  description: "Says again what it heard",
  from: "beginning",
  emits: { echoed: { version: 1, key: "product_id", payload: Type.Object({ product_id: Type.String() }) } },
  subscriptions: {
    construction: {
      product_created: async ({ payload }, { emit, log }) => {
        emit("echoed", { product_id: payload.product_id });
        log.info({ customer: { name: "Zulmira Quaresma", email: "zulmira@obra.example" } }, "heard");
      },
      order_created: async ({ payload }) => {
        throw new PermanentError(\`cannot mail zulmira@obra.example, CPF 529.982.247-25, about \${payload.number}\`);
      },
    },
  },
  routes: (app) =>
    app.post("/say", ({ body, emit }) => {
      emit("echoed", body as { product_id: string });
      return { said: true };
    }),
});
`;

/** Hears what the other says. */
export const LISTENER = `
import { defineEngine, fromEngines } from "@basecommerce/engine";

export default defineEngine({
  name: "listener",
  version: "1.0.0",
  description: "Listens",
  from: "beginning",
  migrations: [{ id: "0001_heard", up: "create table heard (tenant_id uuid not null, product_id text not null)" }],
  subscriptions: fromEngines({
    echo: {
      echoed: async (event, { db }) => {
        await db.query("insert into heard (tenant_id, product_id) values ($1, $2)", [event.tenant_id, event.payload.product_id]);
      },
    },
  }),
});
`;
