/** What commands may touch of the surroundings; only `main.ts` has the real ones. */
export interface Surroundings {
  environment: Readonly<Record<string, string | undefined>>;
  /** Everything on stdin, until its end. */
  input(): Promise<string>;
  out(line: string): void;
  error(line: string): void;
}
