import { dirname, relative, sep } from "node:path";

/** Of what a parser finds after its first errors little is of use. */
const MAX_TOLD = 3;

/** Where something stands in a file; lines and columns count from 1. */
interface Place {
  file: string;
  line: number;
  column: number;
}

/**
 * Why a module of an engine does not load, with the places in the author's files, named from the folder that holds
 * `folder`: a parser's errors, an import that finds nothing, or what a module threw.
 */
export function whyNotLoaded(error: unknown, folder: string): string {
  const all = error instanceof AggregateError && error.errors.length > 0 ? error.errors : [error];
  const told = all.slice(0, MAX_TOLD).map((one: unknown) => tellingOf(one, folder));
  const left = all.length - told.length;
  return [...told, ...(left > 0 ? [`and ${left} more`] : [])].join("; ");
}

function tellingOf(error: unknown, folder: string): string {
  const message = error instanceof Error || hasMessage(error) ? String(error.message) : String(error);
  const place = placeOf(error);
  if (!place?.file.startsWith(folder + sep) || place.line < 1) return message;
  return `${relative(dirname(folder), place.file)}:${place.line}:${place.column}: ${message}`;
}

function hasMessage(error: unknown): error is { message: unknown } {
  return typeof error === "object" && error !== null && "message" in error;
}

/** A parser's error has a position, one that was thrown tells itself where it was made. */
function placeOf(error: unknown): Place | undefined {
  if (error instanceof BuildMessage) return error.position ?? undefined;
  if (!(error instanceof Error) || !("sourceURL" in error && "line" in error && "column" in error)) return undefined;
  return { file: String(error.sourceURL), line: Number(error.line), column: Number(error.column) };
}
