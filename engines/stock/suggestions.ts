import {
  conflict,
  type EngineApp,
  type EngineDb,
  type EngineTenant,
  notFound,
  pageQuery,
  t,
} from "@basecommerce/engine";
import { abcOf, type Class } from "./abc.ts";
import type { Risk } from "./alerts.ts";
import type { StockConfig } from "./config.ts";
import { Decisions, decide } from "./decisions.ts";
import { episodesOf } from "./episodes.ts";
import { explainPurchase } from "./explanation.ts";
import { type Figures, shortOf } from "./figures.ts";
import { page } from "./page.ts";

/** Nothing in common with other names: ids of suggestions, by product. */
const NAMESPACE = "c7a1f0de-9a0e-4d0b-8a43-0d5c1b2f6e21";

const PRIORITY: Record<Class, Risk> = { A: "high", B: "medium", C: "low" };

/** What to buy of one product. It stands as long as the level is below the minimum. Quantities have 3 places. */
interface Suggestion {
  id: string;
  status: "pending" | "accepted" | "rejected";
  priority: Risk;
  class: Class;
  product_id: string;
  product_name: string | null;
  unit: string | null;
  quantity: string;
  level: string;
  minimum: string;
  maximum: string;
  since: string;
  explanation: string;
}

/** A suggestion's place among others, and the figures it comes from. */
interface Place {
  id: string;
  class: Class;
  priority: Risk;
  product_id: string;
  figures: Figures;
}

/** Every suggestion that stands. Costs much less than the suggestions themselves. */
async function placesOf(db: EngineDb, tenant: EngineTenant, config: StockConfig): Promise<Place[]> {
  const short = await shortOf(db, tenant, config);
  const classOf = new Map((await abcOf(db, tenant, config)).map((row) => [row.product_id, row.class]));
  return short.map((figures) => {
    const abc = classOf.get(figures.product_id) ?? "C";
    const id = Bun.randomUUIDv5(figures.product_id, NAMESPACE);
    return { id, class: abc, priority: PRIORITY[abc], product_id: figures.product_id, figures };
  });
}

async function suggestionsOf(
  db: EngineDb,
  tenant: EngineTenant,
  config: StockConfig,
  places: readonly Place[],
): Promise<Suggestion[]> {
  const ids = places.map(({ product_id }) => product_id);
  const episodes = (await episodesOf(db, tenant, config, ids)).filter(({ kind }) => kind === "rupture");
  const sinceOf = new Map(episodes.map(({ product_id, since }) => [product_id, since]));
  const decisions = await Decisions.of(db, tenant.tenant_id);
  return places.map(({ id, class: abc, priority, figures }) => {
    const { product_id, name, unit, level, minimum, maximum, quantity_to_buy } = figures;
    const since = sinceOf.get(product_id) ?? "";
    const decided = decisions.about(product_id, "purchase", since);
    return {
      id,
      status: decided === "accepted" || decided === "rejected" ? decided : "pending",
      priority,
      class: abc,
      product_id,
      product_name: name,
      unit,
      quantity: quantity_to_buy,
      level,
      minimum,
      maximum,
      since,
      explanation: explainPurchase(figures, abc, tenant.locale),
    };
  });
}

const SuggestionQuery = t.Object(
  {
    ...pageQuery,
    priority: t.Optional(t.Union([t.Literal("high"), t.Literal("medium"), t.Literal("low")])),
    product_id: t.Optional(t.String({ format: "uuid" })),
  },
  { additionalProperties: false },
);

/** `GET /suggestions`, `POST /suggestions/{id}/accept|reject`. */
export function suggestionRoutes(app: EngineApp<StockConfig>) {
  return app
    .get(
      "/suggestions",
      async ({ db, tenant, config, query }) => {
        const places = (await placesOf(db, tenant, config)).filter(
          ({ priority, product_id }) =>
            (query.priority === undefined || priority === query.priority) &&
            (query.product_id === undefined || product_id === query.product_id.toLowerCase()),
        );
        const { items, next_cursor } = page(places, query, (place) => `${place.class} ${place.id}`);
        return { items: await suggestionsOf(db, tenant, config, items), next_cursor };
      },
      { query: SuggestionQuery },
    )
    .post(
      "/suggestions/:id/:step",
      async ({ db, tenant, config, user, params }) => {
        const places = (await placesOf(db, tenant, config)).filter(({ id }) => id === params.id.toLowerCase());
        const [suggestion] = await suggestionsOf(db, tenant, config, places);
        if (!suggestion) throw notFound("suggestion");
        const status = params.step === "accept" ? "accepted" : "rejected";
        if (suggestion.status === status) return suggestion;
        if (suggestion.status !== "pending") {
          throw conflict("suggestion_decided", `the suggestion was ${suggestion.status} already`);
        }
        await decide(db, tenant.tenant_id, suggestion.product_id, "purchase", status, user.id);
        return { ...suggestion, status };
      },
      {
        params: t.Object({
          id: t.String({ format: "uuid" }),
          step: t.Union([t.Literal("accept"), t.Literal("reject")]),
        }),
      },
    );
}
