import { type Static, t } from "elysia";
import { pageOf, pageQuery } from "../../../platform/http/page.ts";
import { Id, Instant, nullable, shape, text } from "../../../platform/http/shape.ts";
import { AddressGiven, AddressShown } from "../address.ts";

const example = {
  id: "019c5f44-2c3d-7e4f-8a5b-6c7d8e9f0a1b",
  customer_id: "019c5f40-1b2c-7d3e-8f4a-5b6c7d8e9f00",
  name: "Residencial Ipê, torre B",
  address: {
    street: "Avenida Brasil",
    number: "2000",
    district: "Jardim Guanabara",
    city: "Campinas",
    state: "SP",
    postal_code: "13070-178",
  },
  notes: "Portão dos fundos",
  active: true,
  created_at: "2026-03-02T14:05:09.123456Z",
  updated_at: "2026-03-02T14:05:09.123456Z",
};

export const JobSiteShown = shape(
  {
    id: Id,
    customer_id: Id,
    name: t.String(),
    address: nullable(AddressShown),
    notes: nullable(t.String()),
    active: t.Boolean(),
    created_at: Instant,
    updated_at: Instant,
  },
  { examples: [example] },
);
export const JobSitePage = pageOf(JobSiteShown, example);

const fields = {
  name: text(200, example.name),
  address: t.Optional(nullable(AddressGiven)),
  notes: t.Optional(nullable(text(4000, example.notes))),
  active: t.Optional(t.Boolean()),
};
export const NewJobSite = shape(
  { customer_id: Id, ...fields },
  { examples: [{ customer_id: example.customer_id, name: example.name, address: example.address }] },
);
export const JobSiteChanges = t.Partial(shape(fields), {
  additionalProperties: false,
  examples: [{ active: false }],
});
export const JobSiteQuery = shape({ ...pageQuery, customer_id: t.Optional(Id) });

export type NewJobSite = Static<typeof NewJobSite>;
export type JobSiteChanges = Static<typeof JobSiteChanges>;
export type JobSiteQuery = Static<typeof JobSiteQuery>;
