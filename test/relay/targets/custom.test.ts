/** A target of one's own: one function, and what its returning and its throwing mean. */
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { comeBack, defineTarget, refuse } from "../../../lib/targets/custom.js";
import { delivery, soon, targetContext, verdictOf } from "../../support/relay/deliveries.js";

test("returning acknowledges, refuse is the record's fault, comeBack the target's, anything else a bug of ours", async () => {
  const seen: string[] = [];
  const target = await defineTarget({
    name: "ledger",
    deliver: ({ message, id }) => {
      seen.push(id);
      const { kind } = message.document() as { kind: string };
      if (kind === "bad") throw refuse("a ledger takes no such thing");
      if (kind === "later") throw comeBack("the ledger is closed", 5_000);
      if (kind === "bug") throw new TypeError("x is undefined");
    },
  }).open(targetContext());

  const outcomes = [];
  for (const kind of ["good", "bad", "later", "bug"])
    outcomes.push(...(await target.deliver([delivery({ id: kind, value: { kind } })], soon())));

  expect(seen).toEqual(["good", "bad", "later", "bug"]);
  expect(outcomes.map(verdictOf)).toEqual(["delivered", "record: record-refused", "target: target-failed", "us: internal"]);
  expect(outcomes[2]?.verdict === "failed" && outcomes[2].error.details.retryAfterMs).toBe(5_000);
});

test("a function that does not finish is the target's timeout, and its signal is aborted", async () => {
  let reason: unknown;
  const target = await defineTarget({
    name: "ledger",
    timeoutMs: 100,
    deliver: (_, { signal }) =>
      new Promise(() => {
        signal.addEventListener("abort", () => {
          reason = signal.aborted;
        });
      }),
  }).open(targetContext());
  const [outcome] = await target.deliver([delivery()], soon());
  expect(verdictOf(outcome)).toBe("target: target-timeout");
  expect(reason).toBe(true);
});

test("it reads secrets as the others do, and is closed with the route", async () => {
  const server = createServer((request, response) => response.writeHead(request.headers.authorization === "hunter2" ? 200 : 401).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const target = await defineTarget({
    name: "http",
    deliver: async ({ message }, { secret, signal }) => {
      const port = typeof address === "object" ? address?.port : "";
      const answer = await fetch(`http://127.0.0.1:${port}`, {
        method: "POST",
        body: message.value,
        headers: { authorization: await secret("env:TOKEN") },
        signal,
      });
      if (!answer.ok) throw comeBack(`answered ${answer.status}`);
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  }).open(targetContext({ secret: async () => "hunter2" }));
  expect((await target.deliver([delivery({ value: "x" })], soon())).map(verdictOf)).toEqual(["delivered"]);
  await target.close();
  expect(server.listening).toBe(false);
});
