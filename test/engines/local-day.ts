const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const days = new Map<string, number>();

/** The calendar day of an instant in a zone, as whole days since 1970: what SQL's `date` arithmetic is checked against. */
export function localDay(instant: string, time_zone: string): number {
  const key = `${instant} ${time_zone}`;
  const known = days.get(key);
  if (known !== undefined) return known;
  let format = formats.get(time_zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-CA", {
      timeZone: time_zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
    });
    formats.set(time_zone, format);
  }
  const day = Date.parse(`${format.format(new Date(instant))}T00:00:00Z`) / DAY_MS;
  days.set(key, day);
  return day;
}

/** The first instant of a local day, to the minute. */
export function startOfDay(day: number, time_zone: string): string {
  const text = (minutes: number) => `${new Date(minutes * 60_000).toISOString().slice(0, 23)}000Z`;
  let before = day * 1440 - 1500;
  let inside = day * 1440 + 1500;
  while (inside - before > 1) {
    const middle = Math.floor((before + inside) / 2);
    if (localDay(text(middle), time_zone) < day) before = middle;
    else inside = middle;
  }
  return text(inside);
}
