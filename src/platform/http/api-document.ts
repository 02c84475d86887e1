import type { AnyElysia } from "elysia";
import { OPERATION, type OperationOptions } from "./operation.ts";
import { PROBLEM_SCHEMA, problemAnswer, problemsOf } from "./problem-document.ts";

type Json = Record<string, unknown>;

export interface ApiDocumentOptions {
  title: string;
  version: string;
  description: string;
}

/** Headers that answers have beyond their content, by status of success. */
const LOCATION = { Location: { schema: { type: "string" }, description: "path of what was made" } };
const LIMITS = {
  RateLimit: { $ref: "#/components/headers/RateLimit" },
  "RateLimit-Policy": { $ref: "#/components/headers/RateLimit-Policy" },
  "X-Request-Id": { $ref: "#/components/headers/X-Request-Id" },
};
const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "Kept for 24 h: the same key and body give the same answer again and do nothing twice; another body is 422.",
  schema: { type: "string", pattern: "^[\\x21-\\x7e]{1,255}$", examples: ["4f3a1c9e-order-17"] },
};

/**
 * OpenAPI 3.1 of everything `app` serves. The library describes schemas; what it cannot know is put right here: bodies
 * are JSON only, errors have one shape, the gate has answers of its own.
 */
export async function apiDocument(app: AnyElysia, options: ApiDocumentOptions): Promise<Json> {
  const { toOpenAPISchema, unwrapSchema } = await import("@elysiajs/openapi/openapi");
  const { paths } = toOpenAPISchema(app, { staticFile: false, methods: ["options"] }, undefined, undefined, "3.1.2");
  // With a parser of our own the library describes no body at all.
  const bodies = new Map(
    app.routes.map(({ method, path, hooks }) => [
      `${method.toLowerCase()} ${path.replace(/:([^/]+)/g, "{$1}")}`,
      unwrapSchema(hooks?.body, undefined, "input", "3.1.2"),
    ]),
  );
  const described: Json = {};
  const tags = new Set<string>();
  for (const [path, methods] of Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const operations = Object.entries(methods ?? {}).map(([method, found]) => {
      const operation = asJson(found);
      for (const tag of asList(operation.tags)) tags.add(String(tag));
      return [method, completed(operation, bodies.get(`${method} ${path}`))];
    });
    described[path] = Object.fromEntries(operations);
  }
  return {
    openapi: "3.1.0",
    info: options,
    tags: [...tags].sort().map((name) => ({ name })),
    security: [{ bearer: [] }, { bearer: [], shop: [] }],
    paths: described,
    components: {
      schemas: { Problem: PROBLEM_SCHEMA },
      headers: {
        RateLimit: { schema: { type: "string" }, description: "what is left and seconds until it is whole again" },
        "RateLimit-Policy": { schema: { type: "string" }, description: "quota and window of the shop" },
        "X-Request-Id": { schema: { type: "string" }, description: "names this request in our logs" },
      },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "`access_token` of /auth/login" },
        shop: {
          type: "apiKey",
          in: "header",
          name: "X-Tenant-Slug",
          description: "names the shop where its subdomain does not",
        },
      },
    },
  };
}

/** An operation as the library made it, with what is true of it besides. */
function completed(operation: Json, body: unknown): Json {
  const { [OPERATION]: given, responses, requestBody: _, parameters, ...rest } = operation;
  const options: OperationOptions = isOperation(given) ? given : { tag: "Other" };
  const fields = asList(parameters).map((field) => parameter(asJson(field)));
  const answers: Json = {};
  for (const [status, answer] of Object.entries(asJson(responses))) {
    answers[status] = answered(Number(status), asJson(answer), options);
  }
  for (const [status, { description, type, example }] of Object.entries(options.answers ?? {})) {
    answers[status] = { description, content: { [type]: { example } } };
  }
  if (Object.keys(answers).length === 0) answers["200"] = { description: options.answer ?? "It went well." };
  const takes = { body: body !== undefined, fields: fields.length > 0 };
  for (const [status, sentence] of problemsOf(options, takes))
    answers[String(status)] = problemAnswer(status, sentence);
  const all = options.idempotent ? [...fields, IDEMPOTENCY_KEY] : fields;
  return {
    ...rest,
    ...(all.length === 0 ? {} : { parameters: all }),
    ...(takes.body ? { requestBody: { required: true, content: { "application/json": { schema: body } } } } : {}),
    responses: answers,
    ...(options.shopless ? { security: [] } : options.open ? { security: [{}, { shop: [] }] } : {}),
  };
}

function answered(status: number, answer: Json, options: OperationOptions): Json {
  const { content, headers, description, ...rest } = answer;
  const empty = status === 204 || !("application/json" in asJson(content));
  const given = String(description ?? "");
  return {
    ...rest,
    description: options.answer ?? (given.startsWith("Response for status") ? "It went well." : given),
    headers: { ...asJson(headers), ...(status === 201 ? LOCATION : {}), ...(options.shopless ? {} : LIMITS) },
    ...(empty ? {} : { content: { "application/json": asJson(content)["application/json"] } }),
  };
}

/** A query's number or flag is text that is read as one; the document shows what it is, not how it is read. */
function parameter(field: Json): Json {
  const { anyOf, ...schema } = asJson(field.schema);
  const read = asList(anyOf).map(asJson);
  const meant = read.filter(({ type, format }) => type !== "string" || !READ_AS.has(String(format)));
  const [only] = meant;
  const shown = meant.length === 1 && meant.length < read.length ? { ...schema, ...only } : asJson(field.schema);
  const { description, ...rest } = shown;
  return { ...field, ...(description === undefined ? {} : { description }), schema: rest };
}

const READ_AS = new Set(["integer", "numeric", "boolean"]);

function isOperation(value: unknown): value is OperationOptions {
  return typeof value === "object" && value !== null && "tag" in value;
}

function asJson(value: unknown): Json {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
