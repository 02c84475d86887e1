import { type AnyElysia, Elysia } from "elysia";
import style from "swagger-ui-dist/swagger-ui.css" with { type: "file" };
import script from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };
import { type ApiDocumentOptions, apiDocument } from "./api-document.ts";

/** Paths that belong to no shop: the documents of the API. */
export const documentPaths: ReadonlySet<string> = new Set([
  "/docs",
  "/docs/start.js",
  "/docs/swagger-ui.js",
  "/docs/swagger-ui.css",
  "/openapi.json",
  "/asyncapi.json",
]);

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>BaseCommerce API</title><link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body><div id="api"></div><script src="/docs/swagger-ui.js"></script><script src="/docs/start.js"></script></body>
</html>
`;
const START = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", deepLinking: true, persistAuthorization: true });\n`;

/** Only what this server itself sends: the page must not need the internet, nor tell it anything. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

export interface DocumentParts extends ApiDocumentOptions {
  /** The app whose routes are described; asked at the first request, when all are there. */
  app: () => AnyElysia;
  /** AsyncAPI document of the events. */
  events: () => unknown;
}

/** `/docs` to try the API, `/openapi.json` and `/asyncapi.json` for programs. */
export function documentRoutes({ app, events, ...options }: DocumentParts): AnyElysia {
  let api: Promise<string> | undefined;
  const hidden = { detail: { hide: true } };
  const send = (body: string | ReturnType<typeof Bun.file>, type: string) =>
    new Response(body, {
      headers: { "content-type": type, "content-security-policy": POLICY, "cache-control": "public, max-age=300" },
    });
  return new Elysia({ name: "documents" })
    .get("/docs", () => send(PAGE, "text/html; charset=utf-8"), hidden)
    .get("/docs/start.js", () => send(START, "text/javascript; charset=utf-8"), hidden)
    .get("/docs/swagger-ui.js", () => send(Bun.file(script), "text/javascript; charset=utf-8"), hidden)
    .get("/docs/swagger-ui.css", () => send(Bun.file(style), "text/css; charset=utf-8"), hidden)
    .get(
      "/openapi.json",
      async () => {
        api ??= apiDocument(app(), options).then((document) => JSON.stringify(document));
        return send(await api, "application/json");
      },
      hidden,
    )
    .get("/asyncapi.json", () => send(JSON.stringify(events()), "application/json"), hidden);
}
