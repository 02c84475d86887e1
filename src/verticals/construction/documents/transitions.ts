import { conflict } from "../../../platform/http/problem.ts";

/** From each state, the states that may follow. */
export type Transitions<State extends string> = Readonly<Record<State, readonly State[]>>;

/** 409 `wrong_transition` that says what is allowed, unless `to` may follow `from`. */
export function requireTransition<State extends string>(
  what: string,
  transitions: Transitions<State>,
  from: State,
  to: State,
): void {
  const allowed = transitions[from];
  if (allowed.includes(to)) return;
  const hint = allowed.length === 0 ? "nothing, it is final" : allowed.join(", ");
  throw conflict("wrong_transition", `the ${what} is ${from} and cannot become ${to}; allowed: ${hint}`);
}
