/** Statuses of errors a route may answer with of its own; what the gate and the body parser answer is added for it. */
export type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 413 | 422 | 429 | 503;

export interface OperationOptions {
  /** Heading it stands under in the document. */
  tag: string;
  description?: string;
  /** When each error is answered, by status. 401, 404 (shop), 422, 429 and those of bodies are described already. */
  problems?: Partial<Record<ProblemStatus, string>>;
  /** A POST that takes `Idempotency-Key`. */
  idempotent?: boolean;
  /** Needs no token. */
  open?: boolean;
  /** Belongs to no shop and needs no token. */
  shopless?: boolean;
  /** What a successful answer is, in a sentence. */
  answer?: string;
  /** For a route without a `response` schema: what its answers look like, by status. */
  answers?: Record<number, { description: string; type: string; example: unknown }>;
}

/** Key of the operation object under which the options travel to the document; removed from what is served. */
export const OPERATION = "x-operation";

/** A route's `detail`: what the API document says of it beyond its schemas. */
export function operation(summary: string, options: OperationOptions) {
  const { tag, description } = options;
  return { summary, tags: [tag], ...(description === undefined ? {} : { description }), [OPERATION]: options };
}

/** These statuses, each in general words: `operation("…", { tag, problems: problems(404, 409) })`. */
export function problems(...statuses: ProblemStatus[]): Partial<Record<ProblemStatus, string>> {
  return Object.fromEntries(statuses.map((status) => [status, USUAL[status]]));
}

export const USUAL: Record<ProblemStatus, string> = {
  400: "The body is not JSON in UTF-8.",
  401: "There is no valid access token.",
  403: "The token belongs to another shop, or the user may not do this.",
  404: "There is no such thing in this shop, or no such shop.",
  409: "It cannot be done in the present state; `detail` says why.",
  413: "The body is too large.",
  422: "A field is missing, unknown or not valid; `errors` names each.",
  429: "Too many requests; wait as long as `Retry-After` says.",
  503: "A part this needs is not there right now; try again after `Retry-After`.",
};
