/** What a route may say, what its filter and transform see, and what they make of a record. */
import { describe, expect, test } from "vitest";
import { prepare, toEntry } from "../../../lib/relay/batch/entry.js";
import { toDeadLetter } from "../../../lib/relay/dead-letters/dead-letter.js";
import { jsonata } from "../../../lib/relay/jsonata.js";
import { RecordDocument, type RouteDocument } from "../../../lib/relay/route/document.js";
import { runExamples } from "../../../lib/relay/route/examples.js";
import { defineRoute, type RouteDefinition } from "../../../lib/relay/route.js";
import { nowhere, record } from "../../support/relay/relay-bench.js";

const route = (definition: Partial<RouteDefinition> = {}) => defineRoute({ name: "test", target: nowhere, ...definition });

describe("defining a route", () => {
  test.each([
    [{ ordre: "key" }, 'ordre: this option does not exist. Did you mean "order"?'],
    [{ retry: { attempts: 5 } }, 'retry.attempts: this option does not exist. Did you mean "attemptsMax"?'],
    [{ retry: { attemptsMax: 0 } }, "retry.attemptsMax: "],
    [{ order: "topic" }, "order: "],
    [{ name: "Not Kebab" }, "name: must be a name in kebab-case"],
    [{ target: undefined }, "target: "],
    [{ transform: "value" }, "transform: must be a function or jsonata"],
    [{ generation: -1 }, "generation: "],
    [{ generation: 2, target: { ...nowhere, options: { generation: 1 } } }, "generation: the route has 2, but its target has 1"],
    [{ deadLetters: { retentionMs: 0 } }, "deadLetters.retentionMs: must be a whole number of milliseconds above 0, or -1"],
    [{ deadLetters: { topic: "no topic" } }, "deadLetters.topic: is not a valid topic name"],
    [{ filter: { valeu: { a: [1] } } }, 'filter.valeu: a record has no such field. Did you mean "value"?'],
    [
      { filter: { value: { a: [{ numerik: [">", 1] }] } } },
      'route test: filter.value.a[0].numerik: "numerik" is not an operator. Did you mean "numeric"?',
    ],
    [{ filter: { value: { id: [2 ** 60 + 2 ** 10] } } }, "write it as a bigint"],
  ])("%j is refused at start-up with the place", (wrong, message) => {
    expect(() => route(wrong as never)).toThrowError(
      expect.objectContaining({ code: "bad-configuration", message: expect.stringContaining(message) }),
    );
  });

  test("its generation is the target's where it says none, and 0 where neither does", () => {
    const target = { ...nowhere, options: { generation: 4 } };

    expect(
      [route(), route({ target }), route({ target, generation: 4 }), route({ generation: 5 })].map(({ generation }) => generation),
    ).toEqual([0, 4, 4, 5]);
  });

  test("all faults are reported at once", () => {
    expect(() => route({ ordre: "key", concurrencyMax: 0 } as never)).toThrowError(/ordre[\s\S]*concurrencyMax|concurrencyMax[\s\S]*ordre/);
  });

  test("an unknown option is a compile error", () => {
    // @ts-expect-error there is no such option
    const wrong: RouteDefinition = { name: "a", target: nowhere, ordre: "key" };
    // @ts-expect-error there is no such field
    const filter: RouteDefinition = { name: "a", target: nowhere, filter: { valeu: [1] } };
    // @ts-expect-error there is no such operator
    const operator: RouteDefinition = { name: "a", target: nowhere, filter: { value: { a: [{ numerik: [">", 1] }] } } };

    expect([wrong, filter, operator]).toHaveLength(3);
  });
});

describe("the document", () => {
  const header = (name: string, value: string | null) => ({ name, value: value === null ? null : Buffer.from(value) });

  test.each([
    ["JSON", record({ text: '{"a":1}' }), { a: 1 }],
    ["a JSON scalar", record({ text: "42" }), 42],
    ["plain text", record({ text: "hello" }), "hello"],
    ["nothing", record({ value: null }), null],
    ["no bytes", record({ value: Buffer.alloc(0) }), ""],
    ["bytes that are not text", record({ value: Buffer.from([0xff]) }), "/w=="],
  ])("has the value of %s", (_, given, expected) => {
    expect(new RecordDocument({ ...given }).value).toEqual(expected);
  });

  test("has the key as text, parsed where it is a JSON object, and headers by name", () => {
    expect(new RecordDocument(record({ key: Buffer.from("42") })).key).toBe("42");
    expect(new RecordDocument(record({ key: Buffer.from('{"id":1}') })).key).toEqual({ id: 1 });
    expect(new RecordDocument(record({ key: Buffer.alloc(0) })).key).toBe("");
    expect({
      ...new RecordDocument(record({ headers: [header("a", "1"), header("b", null), header("a", null), header("__proto__", "x")] }))
        .headers,
    }).toEqual({
      a: ["1", null],
      b: null,
      ["__proto__"]: "x",
    });
  });

  test("has a CloudEvent's attributes and data", () => {
    const headers = Object.entries({ ce_specversion: "1.0", ce_id: "1", ce_source: "/s", ce_type: "t", "content-type": "text/plain" }).map(
      ([name, value]) => header(name, value),
    );
    const document = new RecordDocument(record({ text: "42", headers }));

    expect([document.ce?.type, document.value]).toEqual(["t", "42"]);
  });

  test("compares long numbers exactly in a filter, and lets the bytes go on untouched", async () => {
    const filter = { value: { id: [9007199254740993n] } };
    const entry = toEntry(record({ text: '{"id":9007199254740993}' }), { namespace: "n" });
    const other = toEntry(record({ text: '{"id":9007199254740992}' }), { namespace: "n" });
    await prepare(entry, route({ filter }));
    await prepare(other, route({ filter }));

    expect([entry.verdict, other.verdict]).toEqual([undefined, "filtered"]);
    expect(String(entry.pending?.[0]?.message.value)).toBe('{"id":9007199254740993}');
  });

  test.each([
    [{ headers: { a: ["2"] } }, true],
    [{ headers: { a: [{ exists: false }] } }, false],
    [{ topic: [{ prefix: "ord" }], partition: [0], offset: [{ numeric: [">=", 7] }] }, true],
    [{ timestamp: [{ numeric: [">", 1_700_000_000_000] }] }, false],
    [{ key: [null] }, true],
    [{ $or: [{ key: ["x"] }, { value: { a: [1] } }] }, true],
    [{ ce: { type: [{ exists: false }] } }, true],
  ] as const)("is filtered by %j", async (filter, matches) => {
    const entry = toEntry(record({ text: '{"a":1}', offset: 7n, headers: [header("a", "1"), header("a", "2")] }), { namespace: "n" });
    await prepare(entry, route({ filter: filter as never }));

    expect(entry.verdict === undefined).toBe(matches);
  });
});

describe("a transform", () => {
  const messages = async (
    transform: RouteDefinition["transform"],
    given = record({ json: { a: 1 }, key: Buffer.from("k"), headers: [{ name: "h", value: null }] }),
  ) => {
    const entry = toEntry(given, { namespace: "n" });
    await prepare(entry, route({ transform: transform as never }));
    if (entry.error !== undefined) throw entry.error;
    return (entry.pending ?? []).map(({ message: { key, value, headers, timestampMs } }) => ({
      key: key?.toString() ?? null,
      value: value?.toString() ?? null,
      headers: headers.map(({ name, value: bytes }) => [name, bytes?.toString() ?? null]),
      timestampMs,
    }));
  };
  const kept = { key: "k", value: '{"a":1}', headers: [["h", null]], timestampMs: 1_700_000_000_000 };

  test.each<[string, () => unknown, readonly unknown[]]>([
    ["nothing left out is kept", () => ({}), [kept]],
    ["text as it is", () => ({ value: "plain" }), [{ ...kept, value: "plain" }]],
    ["a tombstone", () => ({ value: null }), [{ ...kept, value: null }]],
    ["an object as JSON", () => ({ value: { b: [1] } }), [{ ...kept, value: '{"b":[1]}' }]],
    ["bytes", () => ({ value: new Uint8Array([65]) }), [{ ...kept, value: "A" }]],
    [
      "another key, headers and time",
      () => ({ key: null, headers: { x: "1", y: null }, timestampMs: 5 }),
      [
        {
          ...kept,
          key: null,
          headers: [
            ["x", "1"],
            ["y", null],
          ],
          timestampMs: 5,
        },
      ],
    ],
    [
      "several",
      async () => [{ key: "1" }, { key: "2" }],
      [
        { ...kept, key: "1" },
        { ...kept, key: "2" },
      ],
    ],
    ["none", () => null, []],
    ["none later", async () => undefined, []],
  ])("answers %s", async (_, transform, expected) => {
    expect(await messages(transform as never)).toEqual(expected);
  });

  test.each<[string, () => unknown, string]>([
    ["text", () => "x", "string"],
    ["an unknown field", () => ({ val: 1 }), '"val"'],
    ["a value that JSON cannot say", () => ({ value: () => 1 }), "function"],
    ["an invalid time", () => ({ timestampMs: -1 }), "timestampMs"],
    ["a number as a key", () => ({ key: 5 }), "key"],
    [
      "a thrown text",
      () => {
        throw "sad";
      },
      "sad",
    ],
    [
      "a rejection",
      async () => {
        throw new Error("late");
      },
      "late",
    ],
  ])("is refused for %s, saying what", async (_, transform, message) => {
    await expect(messages(transform as never)).rejects.toMatchObject({
      code: "transform-failed",
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ["a body", jsonata('{ "double": value.a * 2, "from": topic }'), ['{"double":2,"from":"orders"}']],
    ["nothing", jsonata("value.missing"), []],
    ["a list as one body", jsonata("[value.a, 2]"), ["[1,2]"]],
    ["several bodies", jsonata("[1, 2].{ 'n': $ }", { gives: "values" }), ['{"n":1}', '{"n":2}']],
    ["one of several bodies", jsonata("[7].{ 'n': $ }", { gives: "values" }), ['{"n":7}']],
    ["a message", jsonata('{ "key": "x", "value": value.a }', { gives: "message" }), ["1"]],
  ])("in JSONata gives %s", async (_, transform, values) => {
    expect((await messages(transform)).map(({ value }) => value)).toEqual(values);
  });

  test.each([
    ["runs for ever", jsonata("( $f := function($n) { $f($n + 1) }; $f(0) )", { timeoutMs: 50 })],
    ["recurses too deep", jsonata("( $f := function($n) { $n + $f($n + 1) }; $f(0) )", { depthMax: 50 })],
    ["fails", jsonata("value.a + 'x'")],
  ])("in JSONata that %s fails its record", async (_, transform) => {
    await expect(messages(transform)).rejects.toMatchObject({ code: "transform-failed" });
  });

  const big = '{"id":9007199254740993,"amount":0.1234567890123456789,"list":[9007199254740993,9007199254740995],"a":2}';
  const ofBig = (transform: unknown) => messages(transform as never, record({ text: big, key: Buffer.from('{"k":9007199254740997}') }));

  test.each([
    ["a number that is moved", "value.id", "9007199254740993"],
    ["an object that is moved", "{ 'order': value, 'key': key.k }", `{"order":${big},"key":9007199254740997}`],
    ["a text by &", "'order-' & value.id & '/' & value.a", "order-9007199254740993/2"],
    ["a text by $string", "value.list.$string()", '["9007199254740993","9007199254740995"]'],
    ["the text of an object", "$string(value.list)", "[9007199254740993,9007199254740995]"],
    ["a name", "{ 'k' & value.id: 1 }", '{"k9007199254740993":1}'],
    [
      "neighbours that are distinguished",
      "[$count($distinct(value.list)), value.id = value.list[0], value.id = value.list[1]]",
      "[2,true,false]",
    ],
    ["what is computed, once asked for as a double", "$number(value.amount) * value.a", "0.24691357802469135"],
  ])("in JSONata keeps every digit of %s", async (_, expression, expected) => {
    expect((await ofBig(jsonata(expression))).map(({ value }) => value)).toEqual([expected]);
  });

  test.each(["value.id + 1", "value.id > 5", "$sum(value.list)", "value ~> |$|{ 'x': 1 }|"])(
    "in JSONata never rounds unseen: %s fails its record",
    async (expression) => {
      await expect(ofBig(jsonata(expression))).rejects.toMatchObject({ code: "transform-failed" });
    },
  );

  test("sees doubles, reads digits by path, and writes bigints as digits", async () => {
    const made = await ofBig(({ value, key, textAt }: RouteDocument<{ readonly id: number }>) => ({
      key: textAt("key.k") ?? null,
      value: { rounded: value.id, keyIsNumber: typeof (key as { readonly k: unknown }).k, id: BigInt(textAt("value.id") ?? 0) },
      headers: { list: textAt("value.list") ?? null, missing: textAt("value.none.at.all") ?? null },
    }));

    expect(made).toMatchObject([
      {
        key: "9007199254740997",
        value: '{"rounded":9007199254740992,"keyIsNumber":"number","id":9007199254740993}',
        headers: [
          ["list", "[9007199254740993,9007199254740995]"],
          ["missing", null],
        ],
      },
    ]);
  });

  test("in JSONata that cannot be parsed is reported with the place by routes check", async () => {
    await expect(jsonata("{ 'a': }").check()).rejects.toMatchObject({
      code: "bad-configuration",
      message: expect.stringContaining("character"),
    });
  });
});

test("examples of a route are held against what it makes of them", async () => {
  const transform = ({ value }: { readonly value: unknown }) => ({ key: "k", value: { n: (value as { n: number }).n + 1 } });
  const results = await runExamples(
    route({
      transform: transform as never,
      filter: { value: { n: [{ numeric: [">", 0] }] } },
      examples: [
        { name: "right", input: { value: { n: 1 } }, expected: { key: "k", value: { n: 2 } } },
        { name: "filtered", input: { value: { n: 0 } }, expected: "filtered" },
        { name: "wrong value", input: { value: { n: 1 } }, expected: { value: { n: 3 } } },
        { name: "not filtered", input: { value: { n: 1 } }, expected: "filtered" },
      ],
    }),
  );

  expect(results.map(({ faults }) => faults)).toEqual([
    [],
    [],
    ['value is {"n":2} instead of {"n":3}.'],
    ["It is not filtered: 1 message(s) would be delivered."],
  ]);
});

test("an example tells neighbouring big numbers apart, and names them by bigints", async () => {
  const results = await runExamples(
    route({
      examples: [
        { name: "right", input: { value: { id: 9007199254740993n } }, expected: { value: { id: 9007199254740993n } } },
        { name: "wrong", input: { value: '{"id":9007199254740993}' }, expected: { value: { id: 9007199254740992 } } },
      ],
    }),
  );

  expect(results.map(({ faults }) => faults)).toEqual([[], ['value is {"id":9007199254740993} instead of {"id":9007199254740992}.']]);
});

describe("a value that cannot be looked into", () => {
  const deep = record({ text: "[".repeat(5_000) + "]".repeat(5_000) });

  test.each<[string, Partial<RouteDefinition>]>([
    ["its filter", { filter: { value: { a: [1] } } }],
    ["its JSONata", { transform: jsonata("value") }],
    ["its transform", { transform: ({ value }) => ({ value }) }],
  ])("is the record's own fault where %s looks", async (_, definition) => {
    const entry = toEntry(deep, { namespace: "n" });
    await prepare(entry, route(definition));

    expect(entry.verdict).toBeUndefined();
    expect(entry.error).toMatchObject({
      code: "record-undecodable",
      message: expect.stringContaining("1000 levels"),
      failure: { blame: "record" },
    });
  });

  test("goes on byte for byte where nobody looks", async () => {
    const entry = toEntry(deep, { namespace: "n" });
    await prepare(entry, route({ filter: { topic: ["orders"] } }));

    expect(entry.pending?.[0]?.message.value).toEqual(deep.value);
  });

  test("is the record's own fault also where the reason is none that we know", async () => {
    const broken = Object.defineProperty({ ...record() }, "value", {
      get: () => {
        throw new RangeError("Invalid array length");
      },
    });
    const entry = toEntry(broken, { namespace: "n" });
    await prepare(entry, route({ filter: { value: { a: [1] } } }));

    expect(entry.error).toMatchObject({ code: "record-undecodable", message: expect.stringContaining("RangeError: Invalid array length") });
  });
});

test("long texts of a dead letter are cut to 4 KiB without cutting a character", () => {
  const entry = {
    ...toEntry(record(), { namespace: "n" }),
    error: Object.assign(new Error("é".repeat(5_000)), { code: "record-refused", details: {} }) as never,
  };

  const letter = toDeadLetter(entry, { route: "r", targetKind: "test", targetName: "t" }, 0);

  const message = letter.headers.find(({ name }) => name === "relay.error.message")?.value;
  expect(message?.length).toBe(4_096);
  expect(String(message)).toBe("é".repeat(2_048));
});
