/** Now as RFC 3339 UTC with microseconds, by this process's clock. */
export function instantNow(): string {
  const microseconds = Math.floor((performance.timeOrigin + performance.now()) * 1000);
  return instantOf(microseconds);
}

/** An instant from whole microseconds since 1970. */
export function instantOf(microseconds: number): string {
  const whole = new Date(Math.floor(microseconds / 1000)).toISOString();
  return `${whole.slice(0, 23)}${String(((microseconds % 1000) + 1000) % 1000).padStart(3, "0")}Z`;
}
