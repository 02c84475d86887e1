import type { Composition } from "../roles/compose.ts";

export async function startDemo(_composition: Composition, url: string, out: (line: string) => void): Promise<void> {
  out(url);
}
