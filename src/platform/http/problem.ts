/** One field of a body or query that is wrong, by JSON pointer. */
export interface FieldError {
  path: string;
  message: string;
}

export interface ProblemOptions {
  /** Stable, for programs: becomes the last part of the problem's `type`. */
  code: string;
  detail?: string;
  errors?: FieldError[];
  headers?: Record<string, string>;
}

/** An answer that is an error, thrown from anywhere below a route; becomes `application/problem+json` (RFC 9457). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: FieldError[] | undefined;
  readonly headers: Record<string, string>;

  constructor(status: number, options: ProblemOptions) {
    super(options.detail ?? titleOf(status));
    this.status = status;
    this.code = options.code;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }
}

const TITLES: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

export function titleOf(status: number): string {
  return TITLES[status] ?? "Error";
}

export function problemResponse(problem: Problem, request_id: string): Response {
  const body = {
    type: `urn:basecommerce:problem:${problem.code}`,
    title: titleOf(problem.status),
    status: problem.status,
    detail: problem.message,
    request_id,
    ...(problem.errors === undefined ? {} : { errors: problem.errors }),
  };
  return new Response(JSON.stringify(body), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", "x-request-id": request_id, ...problem.headers },
  });
}

export const notFound = (what: string) => new Problem(404, { code: "not_found", detail: `${what} not found` });
export const conflict = (code: string, detail: string) => new Problem(409, { code, detail });
export const forbidden = (detail: string) => new Problem(403, { code: "forbidden", detail });
export const unprocessable = (errors: FieldError[], detail = "the request has invalid fields") =>
  new Problem(422, { code: "invalid", detail, errors });
