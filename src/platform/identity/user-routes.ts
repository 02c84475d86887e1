import { Elysia, t } from "elysia";
import { adminContext } from "../http/context.ts";
import { operation } from "../http/operation.ts";
import { pageOf, pageQuery } from "../http/page.ts";
import { Email, IdPath, shape, text } from "../http/shape.ts";
import { Password, Role, UserShape, userExample } from "./user.ts";
import type { Users } from "./users.ts";

const NewUserShape = shape(
  { name: text(200, "Bruno Lima"), email: Email, password: Password, role: Role },
  {
    examples: [
      {
        name: "Bruno Lima",
        email: "bruno@casaverde.example",
        password: "correct horse battery staple",
        role: "seller",
      },
    ],
  },
);

const UserChangeShape = t.Partial(
  shape({
    name: text(200, "Bruno Lima"),
    email: Email,
    role: Role,
    active: t.Boolean(),
    password: Password,
  }),
  { additionalProperties: false, minProperties: 1, examples: [{ active: false }] },
);

const tag = "Users";
const onlyAdmins = { 403: "Only an admin may do this." };

/** `/api/v1/users`: the shop's people, for its admins. */
export function userRoutes(users: Users) {
  return new Elysia({ name: "user-routes", prefix: "/api/v1/users" })
    .use(adminContext)
    .get("", ({ tenant, query }) => users.list(tenant, { ...query, limit: query.limit ?? 50 }), {
      query: shape({ ...pageQuery, role: t.Optional(Role), active: t.Optional(t.Boolean()) }),
      response: { 200: pageOf(UserShape, userExample) },
      detail: operation("List users", { tag, problems: onlyAdmins }),
    })
    .post(
      "",
      async ({ work_context, body, request, set }) => {
        const reply = await users.create(work_context, body, request.headers.get("idempotency-key"));
        set.status = 201;
        set.headers.location = reply.headers.location;
        return reply.body;
      },
      {
        body: NewUserShape,
        response: { 201: UserShape },
        detail: operation("Add a user", {
          tag,
          idempotent: true,
          problems: { ...onlyAdmins, 409: "Another user of this shop has that e-mail address." },
        }),
      },
    )
    .get("/:id", ({ tenant, params }) => users.get(tenant, params.id), {
      params: IdPath,
      response: { 200: UserShape },
      detail: operation("Get a user", { tag, problems: { ...onlyAdmins, 404: "There is no such user in this shop." } }),
    })
    .patch("/:id", ({ tenant, actor, params, body }) => users.change(tenant, actor, params.id, body), {
      params: IdPath,
      body: UserChangeShape,
      response: { 200: UserShape },
      detail: operation("Change a user", {
        tag,
        description: "Deactivating a user or giving them a new password ends their sessions.",
        problems: {
          403: "Only an admin may do this, and nobody changes their own role.",
          404: "There is no such user in this shop.",
          409: "It is the shop's last active admin, or another user has that e-mail address.",
        },
      }),
    });
}
