import { t } from "elysia";
import { Email, Id, Instant, nullable, oneOf, shape, text } from "../http/shape.ts";

const Address = shape({
  street: text(200, "Rua das Acácias"),
  number: nullable(text(20, "120")),
  district: nullable(text(100, "Centro")),
  city: text(100, "Campinas"),
  state: t.String({ pattern: "^[A-Z]{2}$", examples: ["SP"] }),
  postal_code: nullable(t.String({ pattern: "^\\d{8}$", examples: ["13010000"] })),
});

const own = {
  name: text(200, "Casa Verde Materiais"),
  tax_id: nullable(t.String({ maxLength: 18, examples: ["11222333000181"], description: "CNPJ, also alphanumeric" })),
  email: nullable(Email),
  phone: nullable(t.String({ pattern: "^\\+?[0-9 ()-]{8,20}$", examples: ["+55 19 3232-1000"] })),
  address: nullable(Address),
  time_zone: t.String({ maxLength: 64, examples: ["America/Sao_Paulo"], description: "IANA name" }),
  locale: oneOf(["pt-BR", "en"]),
};

const Color = t.String({ pattern: "^#[0-9a-fA-F]{6}$", examples: ["#1a73e8"] });
const branding = {
  logo_url: nullable(
    t.String({ pattern: "^https?://[^\\s]+$", maxLength: 2000, examples: ["https://casaverde.example/logo.svg"] }),
  ),
  primary_color: Color,
  secondary_color: Color,
  features: t.Record(t.String({ pattern: "^[a-z][a-z0-9_]{0,62}$" }), t.Boolean(), {
    additionalProperties: false,
    maxProperties: 100,
    description: "flags that are on or off; one that is not named is off",
    examples: [{ sellers_approve: true }],
  }),
};

const brandingExample = {
  logo_url: "https://casaverde.example/logo.svg",
  primary_color: "#1a73e8",
  secondary_color: "#ea4335",
  features: { sellers_approve: true },
};

/** What anybody may know of a shop: enough to draw its login page. */
export const PublicShop = shape(
  { slug: text(63, "casa-verde"), name: own.name, ...branding },
  { examples: [{ slug: "casa-verde", name: "Casa Verde Materiais", ...brandingExample }] },
);

export const ShopShape = shape(
  {
    tenant_id: Id,
    slug: text(63, "casa-verde"),
    ...own,
    active: t.Boolean(),
    ...branding,
    created_at: Instant,
    updated_at: Instant,
  },
  {
    examples: [
      {
        tenant_id: "019c5f3e-0000-7c1a-9d3e-2b6f1a0c4d5e",
        slug: "casa-verde",
        name: "Casa Verde Materiais",
        tax_id: "11222333000181",
        email: "contato@casaverde.example",
        phone: "+55 19 3232-1000",
        address: {
          street: "Rua das Acácias",
          number: "120",
          district: "Centro",
          city: "Campinas",
          state: "SP",
          postal_code: "13010000",
        },
        time_zone: "America/Sao_Paulo",
        locale: "pt-BR",
        active: true,
        ...brandingExample,
        created_at: "2026-03-02T14:05:09.123456Z",
        updated_at: "2026-03-02T14:05:09.123456Z",
      },
    ],
  },
);

export type ShopView = typeof ShopShape.static;

/** A page that puts it into an attribute carelessly must not be left by it: none of what no URL holds unescaped. */
const LogoGiven = nullable(
  t.String({ pattern: "^https?://[^\\s\"'<>\\\\^`{|}]+$", maxLength: 2000, examples: [brandingExample.logo_url] }),
);

/** What a shop's admin may change; slug and activity are the operator's. `features` named are set, others stay. */
export const ShopChange = t.Partial(shape({ ...own, ...branding, logo_url: LogoGiven }), {
  additionalProperties: false,
  minProperties: 1,
  examples: [{ name: "Casa Verde", features: { sellers_approve: true } }],
});

export type ShopChanges = typeof ShopChange.static;
