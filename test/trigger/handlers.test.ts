/** What a handler may do to itself, in workers as the plugin runs them: by the rules of Lambda's Node.js runtime. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packEvent } from "../../local/kafka-trigger/src/handlers/packed.js";
import { createHandlerPool, type HandlerPool } from "../../local/kafka-trigger/src/handlers/pool.js";
import type { Mapping } from "../../local/kafka-trigger/src/mapping.js";
import { until } from "../support/broker/kafka.js";
import { waitingRecords } from "../support/trigger/waiting-records.js";

const topic = "orders";
const mapping: Mapping = {
  name: topic,
  kind: "kafka",
  bootstrapServers: "b:1",
  topic,
  consumerGroupId: "g",
  batchSize: 100,
  windowMs: 500,
  startingPosition: { kind: "TRIM_HORIZON" },
  failure: { retriesMax: -1, recordAgeMaxMs: -1, isBisecting: false, takesPartialResponses: true },
  backoff: { firstMs: 1, maxMs: 1 },
};
const worker = join(import.meta.dirname, "../../local/kafka-trigger/dist/worker.cjs");
let folder: string;
let pools: HandlerPool[];
let errors: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kafka-trigger-handlers-"));
  pools = [];
  errors = [];
});

afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  rmSync(folder, { recursive: true });
});

/** `text` is the module; what it exports as `handler` is called. */
function functionOf(text: string, timeoutMs = 5_000): HandlerPool {
  save(text);
  const pool = createHandlerPool(
    {
      serviceFolder: folder,
      handler: "handler.handler",
      tsxFrom: [],
      functionName: "shop-dev-orders",
      functionArn: "arn:aws:lambda:eu-west-1:000000000000:function:shop-dev-orders",
      timeoutMs,
      memoryMb: 256,
      environment: { STAGE: "dev" },
    },
    (text) => errors.push(text),
    worker,
  );
  pools.push(pool);
  return pool;
}

const save = (text: string) => writeFileSync(join(folder, "handler.cjs"), text);
const call = (pool: HandlerPool) =>
  pool.invoke(packEvent(mapping, [{ partition: 0, nextOffset: 6, records: waitingRecords(topic, 0, [{ offset: 5, value: "v" }]) }]));
const handler = (body: string) => `exports.handler = async (event, context) => { ${body} };`;

test.each<[string, string, unknown]>([
  ["nothing", "", null],
  ["members that JSON leaves out", "return { a: 1, f: () => {}, u: undefined, s: Symbol('s') };", { a: 1 }],
  ["dates and other classes", "return { d: new Date(0), m: new Map([[1, 2]]) };", { d: "1970-01-01T00:00:00.000Z", m: {} }],
  ["what is not a text in JSON at all", "return () => {};", undefined],
  ["a text", "return 'he\"llo';", 'he"llo'],
  ["its event and its environment", "return [event.records['orders-0'][0].offset, process.env.STAGE];", [5, "dev"]],
])("an answer of %s is a success", async (_what, body, answer) => {
  expect(await call(functionOf(handler(body)))).toMatchObject({ ok: true, answer });
});

test.each<[string, string, RegExp]>([
  ["a BigInt", "return { n: 1n };", /^Runtime\.MarshalError: Unable to stringify response body: .*BigInt/],
  ["a circle", "const o = {}; o.o = o; return o;", /^Runtime\.MarshalError: .*circular/],
  ["more than 6 MB", "return 'x'.repeat(7e6);", /^Function\.ResponseSizeTooLarge: /],
  ["a thrown error", "throw new RangeError('no');", /^RangeError: no$/],
  ["a thrown text", "throw 'no';", /^string: no$/],
  ["a late error beside it", "setTimeout(() => { throw new Error('late'); }, 5); await new Promise(() => {});", /late/],
  ["the end of its process", "process.exit(7);", /^Runtime\.ExitError: .*exit code 7$/],
])("%s is a function error, and the next invocation is answered", async (_what, body, reason) => {
  const pool = functionOf(handler(body));

  const outcome = await call(pool);

  expect(outcome).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
  save(handler("return 'fine';"));
  pool.renew();
  expect(await call(pool)).toMatchObject({ ok: true, answer: "fine" });
});

test("a handler that does not answer in its time is ended, and its time begins when it is called", async () => {
  const slowToLoad = "const until = Date.now() + 1500; while (Date.now() < until);";

  const late = await call(functionOf(handler("await new Promise(() => {});"), 300));
  const inTime = await call(functionOf(`${slowToLoad} ${handler("return context.getRemainingTimeInMillis();")}`, 1_000));

  expect(late).toMatchObject({ ok: false, reason: "Sandbox.Timedout: the function did not answer within its timeout of 0.3 s" });
  expect(inTime).toMatchObject({ ok: true, answer: expect.any(Number) });
  expect((inTime as { readonly answer: number }).answer).toBeGreaterThan(500);
});

test.each<[string, string, unknown]>([
  ["a callback", "exports.handler = (event, context, callback) => { callback(null, 'called'); };", { ok: true, answer: "called" }],
  [
    "a callback with an error",
    "exports.handler = (event, context, callback) => { callback(new Error('no')); };",
    { ok: false, reason: "Error: no" },
  ],
  ["context.succeed", "exports.handler = (event, context, callback) => { context.succeed('done'); };", { ok: true, answer: "done" }],
  ["what it returns, without a promise", "exports.handler = () => 'plain';", { ok: true, answer: "plain" }],
])("a handler answers by %s", async (_what, text, outcome) => {
  expect(await call(functionOf(text))).toMatchObject(outcome as object);
});

test("module state lives from one invocation to the next, and a batch at once gets a worker of its own", async () => {
  const pool = functionOf(`let calls = 0; ${handler("await new Promise((resolve) => setTimeout(resolve, 50)); return ++calls;")}`);

  const [first, beside] = await Promise.all([call(pool), call(pool)]);
  const next = await call(pool);

  expect([first, beside, next].map((outcome) => (outcome as { readonly answer?: unknown }).answer)).toEqual([1, 1, 2]);
});

test("a batch that is in progress when the code changes is finished by the old code", async () => {
  const pool = functionOf(handler("await new Promise((resolve) => setTimeout(resolve, 200)); return 'old';"));
  await call(pool);
  const inHand = call(pool);

  save(handler("return 'new';"));
  pool.renew();

  expect(await call(pool)).toMatchObject({ answer: "new" });
  expect(await inHand).toMatchObject({ answer: "old" });
});

test("an exception between two invocations is reported with the function's name, and the next is answered", async () => {
  const pool = functionOf(handler("setTimeout(() => { throw new Error('between'); }, 20); return 'fine';"));
  await call(pool);

  await until(() => errors.some((text) => text.startsWith("shop-dev-orders, between two invocations: Error: between")));

  expect(await call(pool)).toMatchObject({ ok: true, answer: "fine" });
});

test("an answer that was given before an exception counts, also where both are waiting when we look", async () => {
  const body = "if (++calls === 2) setTimeout(() => { throw new Error('after'); }, 20); return 'fine';";
  const pool = functionOf(`let calls = 0; ${handler(body)}`);
  await call(pool);

  const answered = call(pool);
  // Nothing is received in this time, and the worker ends in it.
  const busyUntil = performance.now() + 500;
  while (performance.now() < busyUntil);

  expect(await answered).toMatchObject({ ok: true, answer: "fine" });
});

test("a stack ends where the handler was called", async () => {
  await call(functionOf(handler("throw new Error('no');")));

  expect(errors.join()).toContain("handler.cjs");
  expect(errors.join()).not.toContain("worker.cjs");
});
