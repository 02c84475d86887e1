import { expect, test } from "bun:test";
import { until } from "./until.ts";

test("the first truthy value is the answer, errors on the way are not", async () => {
  let looks = 0;
  const answer = await until(
    () => {
      looks++;
      if (looks < 3) throw new Error("not yet");
      return looks > 4 && "there";
    },
    { what: "the fifth look", every: 1 },
  );
  expect(answer).toBe("there");
});

test("a rejection names what was waited for and the last error", async () => {
  const never = until(() => Promise.reject(new Error("connection refused")), { what: "the lag to be 0", timeout: 20 });
  await expect(never).rejects.toThrow(/in vain for the lag to be 0; last seen: connection refused/);
});

test("a condition that hangs does not hang the test", async () => {
  const never = until(() => new Promise(() => undefined), { what: "an answer", timeout: 20 });
  await expect(never).rejects.toThrow(/for an answer; last seen: no answer/);
});

test("there is one more look after it became pointless, and then an end", async () => {
  let said = false;
  const ended = Promise.resolve().then(() => {
    said = true;
  });
  expect(await until(() => said, { what: "the last word", unless: ended })).toBe(true);
  await expect(until(() => false, { what: "more", unless: ended })).rejects.toThrow("it ended before there was more");
});
