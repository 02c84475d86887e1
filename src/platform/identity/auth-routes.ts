import { Elysia, t } from "elysia";
import { memberContext, tenantContext } from "../http/context.ts";
import { operation } from "../http/operation.ts";
import { shape } from "../http/shape.ts";
import type { SignIn } from "./sign-in.ts";
import { Password, UserShape, userExample } from "./user.ts";

const Credentials = shape(
  {
    email: t.String({ minLength: 1, maxLength: 254, examples: ["ana@casaverde.example"] }),
    password: t.String({ minLength: 1, maxLength: 200, examples: ["correct horse battery staple"] }),
  },
  { examples: [{ email: "ana@casaverde.example", password: "correct horse battery staple" }] },
);

const refreshExample =
  "019c5f3e-9a10-7b22-8c3d-4e5f6a7b8c9d.bm90IGEgcmVhbCB0b2tlbiwganVzdCBhbiBleGFtcGxl.dGhlIHR1cm4gb2YgdGhlIHJlZnJlc2ggdG9rZW4u";

const RefreshToken = t.String({ minLength: 1, maxLength: 300, examples: [refreshExample] });

const TokensShape = shape(
  {
    access_token: t.String({ description: "goes into `Authorization: Bearer …`" }),
    token_type: t.Literal("Bearer"),
    expires_in: t.Integer({ description: "seconds the access token lives" }),
    refresh_token: t.String({ description: "good for one refresh" }),
    user: UserShape,
  },
  {
    examples: [
      {
        access_token: "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIuLi4ifQ.c2lnbmF0dXJl",
        token_type: "Bearer",
        expires_in: 900,
        refresh_token: refreshExample,
        user: userExample,
      },
    ],
  },
);

const PasswordChange = shape(
  { current: t.String({ minLength: 1, maxLength: 200, examples: ["correct horse battery staple"] }), new: Password },
  { examples: [{ current: "correct horse battery staple", new: "staple battery horse correct" }] },
);

const tag = "Signing in";

/** `/auth/*`: from a password to tokens, and back out. */
export function authRoutes(signIn: SignIn) {
  const open = new Elysia()
    .use(tenantContext)
    .post("/auth/login", ({ tenant, body, address }) => signIn.login(tenant, body, address), {
      body: Credentials,
      response: { 200: TokensShape },
      detail: operation("Sign in", {
        tag,
        open: true,
        description: "Attempts are limited per account and per network address.",
        problems: {
          401: "The e-mail address or the password is wrong, or the user is inactive.",
          429: "Too many attempts; wait as long as `Retry-After` says.",
        },
      }),
    })
    .post("/auth/refresh", ({ tenant, body }) => signIn.refresh(tenant, body.refresh_token), {
      body: shape({ refresh_token: RefreshToken }, { examples: [{ refresh_token: refreshExample }] }),
      response: { 200: TokensShape },
      detail: operation("Exchange a refresh token for new tokens", {
        tag,
        open: true,
        description: "Each refresh token is good once. Using it again ends the whole session.",
        problems: { 401: "The refresh token is not valid, was used before, or its session has ended." },
      }),
    });
  const closed = new Elysia()
    .use(memberContext)
    .post(
      "/auth/logout",
      async ({ tenant, session_id, set }) => {
        await signIn.logout(tenant, session_id);
        set.status = 204;
      },
      {
        response: { 204: t.Void({ description: "The session has ended; its tokens stop working." }) },
        detail: operation("Sign out", { tag }),
      },
    )
    .get("/auth/me", ({ tenant, actor }) => signIn.me(tenant, actor.id), {
      response: { 200: UserShape },
      detail: operation("The user who asks", { tag }),
    })
    .post(
      "/auth/password",
      async ({ tenant, actor, session_id, address, body, set }) => {
        await signIn.changePassword(tenant, { user_id: actor.id, session_id, address }, body);
        set.status = 204;
      },
      {
        body: PasswordChange,
        response: { 204: t.Void({ description: "The password is changed; one's other sessions have ended." }) },
        detail: operation("Change one's own password", {
          tag,
          problems: {
            422: "`current` is not the password, or `new` is too short or too long.",
            429: "Too many wrong attempts; wait as long as `Retry-After` says.",
          },
        }),
      },
    );
  return new Elysia({ name: "auth-routes" }).use(open).use(closed);
}
