import Schema from "typebox/schema";

export interface MediaType {
  schema?: Record<string, unknown>;
  example?: unknown;
}

interface Answer {
  description?: string;
  content?: Record<string, MediaType>;
}

interface Parameter {
  name: string;
  in: string;
  schema: Record<string, unknown>;
}

export interface Operation {
  summary?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, MediaType> };
  responses: Record<string, Answer>;
}

export interface ApiDocument {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, unknown>;
}

/** An API document, and whether values and answers are as it says. */
export class Documented {
  readonly document: ApiDocument;

  constructor(document: ApiDocument) {
    this.document = document;
  }

  /** All operations, as `["GET", "/products/{id}", operation]`. */
  get operations(): [string, string, Operation][] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, string, Operation] => [
        method.toUpperCase(),
        path,
        operation,
      ]),
    );
  }

  /** What is wrong with `value`; empty when it fits. */
  misfits(schema: Record<string, unknown>, value: unknown): string[] {
    const whole = Schema.Compile({ ...schema, components: this.document.components });
    if (whole.Check(value)) return [];
    return whole.Errors(value)[1].map(({ instancePath, message }) => `${instancePath || "/"} ${message}`);
  }

  /** What is wrong with an answer to `method path`, where `path` is a real one; empty when it is as described. */
  answerMisfits(method: string, path: string, answer: { status: number; headers: Headers; body: unknown }): string[] {
    const operation = this.#operationOf(method, path.split("?")[0] ?? "");
    if (!operation) return [`${method} ${path} is not described`];
    const described = operation.responses[String(answer.status)];
    if (!described) return [`${method} ${path} → ${answer.status} is not described`];
    const type = answer.headers.get("content-type")?.split(";")[0];
    if (type === undefined || answer.body === undefined) {
      return described.content === undefined ? [] : [`${method} ${path} → ${answer.status} has no body`];
    }
    const media = described.content?.[type];
    if (!media) return [`${method} ${path} → ${answer.status} as ${type} is not described`];
    return this.misfits(media.schema ?? {}, answer.body).map((each) => `${method} ${path} ${answer.status}: ${each}`);
  }

  /** An example of a described value: its own, its schema's, or put together from its parts'. */
  exampleOf({ example, schema }: MediaType): unknown {
    if (example !== undefined) return example;
    return Array.isArray(schema?.examples) ? schema.examples[0] : undefined;
  }

  #operationOf(method: string, path: string): Operation | undefined {
    const matching = Object.keys(this.document.paths)
      .filter((pattern) => new RegExp(`^${pattern.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(path))
      .sort((a, b) => Number(a.includes("{")) - Number(b.includes("{")));
    return matching.map((pattern) => this.document.paths[pattern]?.[method.toLowerCase()]).find((found) => found);
  }
}
