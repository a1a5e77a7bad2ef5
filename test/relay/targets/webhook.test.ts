/** The target "webhook" against real HTTP servers: what is sent. */
import { HTTP, type CloudEvent as SdkEvent } from "cloudevents";
import { describe, expect, test } from "vitest";
import { RelayError } from "../../../lib/errors.js";
import { webhook } from "../../../lib/targets/webhook.js";
import { delivery, soon, targetContext, verdictOf } from "../../support/relay/deliveries.js";
import { receiver } from "../../support/targets/http-receivers.js";
import { deliverOne, openTarget } from "../../support/targets/opened-target.js";

describe("what is sent", () => {
  test("a record's bytes are the body, its coordinates, key and headers are headers", async () => {
    const { url, seen } = await receiver();

    await deliverOne(webhook({ url: `${url}/hook?a=b` }), {
      topic: "orders",
      partition: 3,
      offset: 42,
      key: "Grüße 1",
      value: '{"n": 9007199254740993}',
      headers: [
        ["traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
        ["tenant", "a"],
        ["tenant", "b"],
      ],
    });

    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: "POST", path: "/hook?a=b" });
    expect(seen[0]?.body.toString()).toBe('{"n": 9007199254740993}');
    expect(seen[0]?.headers).toMatchObject({
      "content-type": "application/json",
      "user-agent": "kafka-relay",
      "kafka-topic": "orders",
      "kafka-partition": "3",
      "kafka-offset": "42",
      "kafka-key": "Gr%C3%BC%C3%9Fe%201",
      "kafka-timestamp": "1700000000000",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      tenant: "a, b",
    });
    expect(seen[0]?.headers["kafka-headers"]).toBeUndefined();
  });

  test("a null key, an empty key and a binary key are distinguished; so are a tombstone and an empty value", async () => {
    const { url, seen } = await receiver();
    const target = await openTarget(webhook({ url }));

    for (const options of [
      { key: null, value: null },
      { key: "", value: "" },
      { key: Buffer.from([0, 255]), value: Buffer.from([1, 254]) },
    ]) {
      expect(await target.deliver([delivery(options)], soon())).toEqual([{ verdict: "delivered" }]);
    }

    const facts = seen.map(({ headers, body }) => [
      headers["kafka-key"],
      headers["kafka-key-base64"],
      headers["kafka-tombstone"],
      headers["content-type"],
      body.length,
    ]);
    expect(facts).toEqual([
      [undefined, undefined, "true", undefined, 0],
      ["", undefined, undefined, "application/octet-stream", 0],
      [undefined, "AP8=", undefined, "application/octet-stream", 2],
    ]);
  });

  test("headers that HTTP cannot carry, or that are not a record's to set, arrive in kafka-headers and forge nothing", async () => {
    const { url, seen } = await receiver();
    const odd = [
      ["x\r\nInjected: yes", "1"],
      ["host", "evil.example"],
      ["content-length", "1"],
      ["transfer-encoding", "chunked"],
      ["line", "a\r\nInjected: yes"],
      ["binary", Buffer.from([0xff, 0x00])],
      ["utf8", "Grüße"],
      ["nothing", null],
      ["", "no name"],
      ["__proto__", "x"],
      ["webhook-id", "forged"],
      ["fine", "value"],
    ] as const;

    const outcome = await deliverOne(webhook({ url }), { headers: odd, value: "body" });

    expect(verdictOf(outcome)).toBe("delivered");
    expect(seen[0]?.headers).toMatchObject({ host: url.replace("http://", ""), "content-length": "4", fine: "value" });
    expect(seen[0]?.rawHeaders.join("\n")).not.toContain("Injected");
    expect(seen[0]?.headers["webhook-id"]).not.toBe("forged");
    const carried = JSON.parse(Buffer.from(String(seen[0]?.headers["kafka-headers"]), "base64").toString()) as [string, string | null][];
    expect(carried.map(([name, value]) => [name, value === null ? null : Buffer.from(value, "base64")])).toEqual(
      odd.map(([name, value]) => [name, value === null ? null : Buffer.from(value)]),
    );
  });

  test("a header is carried under its name, also where JavaScript has a name like it", async () => {
    const { url, seen } = await receiver();

    await deliverOne(webhook({ url }), {
      headers: [
        ["constructor", "acme"],
        ["toString", "a"],
        ["toString", "b"],
      ],
    });

    expect(seen[0]?.headers).toMatchObject({ constructor: "acme", tostring: "a, b" });
  });

  test("a binary CloudEvent of Kafka is one of HTTP: ce_ becomes ce-, percent-encoded", async () => {
    const { url, seen } = await receiver();
    const headers = [
      ["ce_specversion", "1.0"],
      ["ce_id", "1"],
      ["ce_source", "/a b"],
      ["ce_type", "Größe"],
      ["content-type", "text/plain; charset=utf-8"],
    ] as const;

    await deliverOne(webhook({ url }), { headers, value: "hello" });

    expect(seen[0]?.headers).toMatchObject({
      "ce-specversion": "1.0",
      "ce-id": "1",
      "ce-source": "/a%20b",
      "ce-type": "Gr%C3%B6%C3%9Fe",
      "content-type": "text/plain; charset=utf-8",
    });
  });

  test("a receiver that takes CloudEvents alone gets them, in the mode the route names, also of plain records", async () => {
    const { url, seen } = await receiver();
    const event = {
      key: "k",
      value: '{"n": 1.0}',
      headers: [
        ["ce_specversion", "1.0"],
        ["ce_id", "1"],
        ["ce_source", "/a"],
        ["ce_type", "t"],
        ["tenant", "x"],
      ] as const,
    };
    const structured = await openTarget(webhook({ url, cloudEvents: "structured" }));
    await structured.deliver(
      [delivery(event), delivery({ offset: 5, key: "k", value: "text", headers: [["content-type", "text/plain"]] })],
      soon(),
    );
    const binary = await openTarget(webhook({ url, cloudEvents: "binary" }));
    await binary.deliver([delivery({ offset: 5, value: Buffer.from([255]) })], soon());
    const batch = await openTarget(webhook({ url, batch: { format: "json-array", element: "cloudevent" } }));
    await batch.deliver([delivery(event), delivery({ value: null })], soon());

    expect(seen[0]?.headers).toMatchObject({ "content-type": "application/cloudevents+json; charset=utf-8", tenant: "x" });
    expect(seen[0]?.body.toString()).toBe('{"specversion":"1.0","id":"1","source":"/a","type":"t","data":{"n": 1.0}}');
    expect(JSON.parse(String(seen[1]?.body))).toEqual({
      specversion: "1.0",
      id: "test/orders/0/5",
      source: "/kafka/orders",
      type: "kafka-relay.record",
      subject: "partition:0#5",
      time: "2023-11-14T22:13:20.000Z",
      datacontenttype: "text/plain",
      partitionkey: "k",
      data: "text",
    });
    expect(seen[2]?.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "ce-id": "test/orders/0/5",
      "ce-subject": "partition:0#5",
    });
    expect(seen[2]?.body).toEqual(Buffer.from([255]));
    expect(seen[3]?.headers["content-type"]).toBe("application/cloudevents-batch+json; charset=utf-8");
    expect(JSON.parse(String(seen[3]?.body))).toMatchObject([{ id: "1", data: { n: 1 } }, { type: "kafka-relay.record" }]);
  });

  test("what CloudEvents forbids in an attribute is omitted, and what is sent is an event that the SDK of CloudEvents takes", async () => {
    const { url, seen } = await receiver();
    const attributes = [
      ["ce_specversion", "1.0"],
      ["ce_id", "1"],
      ["ce_source", "/a"],
      ["ce_type", "t"],
    ] as const;
    const deliveries = [
      delivery({ key: Buffer.from([0, 0, 0, 7]), value: "{}" }),
      delivery({ key: "a\u0085b", value: "{}" }),
      delivery({ key: "a\ufdd0b", value: "{}" }),
      delivery({ key: "k", value: "{}", timestampMs: 253_402_300_800_000 }),
      delivery({ key: "k", value: "{}", timestampMs: -9e15 }),
      delivery({ value: "{}", headers: [...attributes, ["ce_subject", "a\nb"], ["ce_tenant", "x"]] }),
    ];
    for (const cloudEvents of ["binary", "structured"] as const) {
      const target = await openTarget(webhook({ url, cloudEvents }));
      expect((await target.deliver(deliveries, soon())).map(verdictOf)).toEqual(deliveries.map(() => "delivered"));
    }

    const events = seen.map(({ headers, body }) => HTTP.toEvent({ headers, body: body.toString() }) as SdkEvent<unknown>);
    for (const event of events) expect(event.validate()).toBe(true);
    expect(events.map(({ partitionkey }) => partitionkey)).toEqual(
      [...Array(2)].flatMap(() => [undefined, undefined, undefined, "k", "k", undefined]),
    );
    expect(events.map(({ subject, tenant }) => [subject, tenant])).toContainEqual([undefined, "x"]);
    expect(seen.filter(({ headers }) => "ce-partitionkey" in headers)).toHaveLength(2);
    expect(seen.slice(3, 5).map(({ headers }) => headers["ce-time"])).toEqual([undefined, undefined]);
  });

  test("an event whose id holds what CloudEvents forbids is the record's own failure", async () => {
    const { url, seen } = await receiver();
    const headers = [
      ["ce_specversion", "1.0"],
      ["ce_id", "a\u0000b"],
      ["ce_source", "/a"],
      ["ce_type", "t"],
    ] as const;

    const outcome = await deliverOne(webhook({ url, cloudEvents: "binary" }), { value: "{}", headers });

    expect(verdictOf(outcome)).toBe("record: record-undecodable");
    expect(seen).toEqual([]);
  });

  test("an attribute that HTTP's binding forbids travels in kafka-headers where a record goes as it is", async () => {
    const { url, seen } = await receiver();

    await deliverOne(webhook({ url }), {
      value: "{}",
      headers: [
        ["ce_id", "1"],
        ["ce_subject", "a\u0000b"],
      ],
    });

    expect(seen[0]?.headers).toMatchObject({ "ce-id": "1", "kafka-headers": expect.any(String) });
    expect(seen[0]?.headers).not.toHaveProperty("ce-subject");
  });

  test("an event whose data is itself a CloudEvent is received as the outer event, in either mode", async () => {
    const { url, seen } = await receiver();
    const inner = { specversion: "1.0", id: "inner", source: "/inner", type: "i" };
    const outer = {
      specversion: "1.0",
      id: "outer",
      source: "/outer",
      type: "o",
      datacontenttype: "application/cloudevents+json",
      data: inner,
    };
    for (const cloudEvents of ["binary", "structured"] as const) {
      await deliverOne(webhook({ url, cloudEvents }), {
        value: JSON.stringify(outer),
        headers: [["content-type", "application/cloudevents+json"]],
      });
    }

    const events = seen.map(({ headers, body }) => HTTP.toEvent({ headers, body: body.toString() }) as SdkEvent<unknown>);
    expect(events.map(({ id, data }) => [id, data])).toEqual([
      ["outer", inner],
      ["outer", inner],
    ]);
  });

  test("a user in the address signs in by it, unless the route has an authorization of its own", async () => {
    const { url, seen } = await receiver();
    const address = url.replace("http://", "http://us%40er:pass@");
    await deliverOne(webhook({ url: address }));
    await deliverOne(webhook({ url: address, headers: { authorization: "Bearer x" } }));
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([`Basic ${Buffer.from("us@er:pass").toString("base64")}`, "Bearer x"]);
    const broken = url.replace("http://", "http://us%er:pass@");
    expect(() => webhook({ url: broken })).toThrow("must be complete and start with");
    const secret = async (given: string) => (given.startsWith("arn:") ? broken : given);
    const arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:hook";
    expect(verdictOf(await deliverOne(webhook({ url: arn }), {}, targetContext({ secret })))).toBe("us: bad-configuration");
  });

  test("address, method and headers may come from the record", async () => {
    const { url, seen } = await receiver();

    await deliverOne(
      webhook({
        url: ({ message }) => `${url}/orders/${(message.document() as { id: number }).id}`,
        method: ({ message }) => (message.value === null ? "DELETE" : "PUT"),
        headers: ({ source }) => ({ "X-Offset": String(source.offset) }),
      }),
      { value: { id: 7 }, offset: 9 },
    );

    expect(seen[0]).toMatchObject({ method: "PUT", path: "/orders/7" });
    expect(seen[0]?.headers["x-offset"]).toBe("9");
  });

  test("a record whose address, method or headers cannot be made is the record's own failure", async () => {
    const { url } = await receiver();
    const boom = () => {
      throw new Error("no id");
    };
    expect(verdictOf(await deliverOne(webhook({ url: boom })))).toBe("record: record-not-for-target");
    expect(verdictOf(await deliverOne(webhook({ url: () => "ftp://nowhere" })))).toBe("record: record-not-for-target");
    expect(verdictOf(await deliverOne(webhook({ url, headers: boom })))).toBe("record: record-not-for-target");
    expect(verdictOf(await deliverOne(webhook({ url, headers: () => ({ bad: "a\r\nb" }) })))).toBe("record: record-not-for-target");
    expect(verdictOf(await deliverOne(webhook({ url }), { headers: [["big", "x".repeat(20_000)]] }))).toBe("record: record-not-for-target");
  });

  test("a repeat carries the same webhook-id and idempotency-key, another record another", async () => {
    const { url, seen } = await receiver();
    const target = await openTarget(webhook({ url }));

    for (const offset of [1, 1, 2]) await target.deliver([delivery({ offset })], soon());

    const ids = seen.map(({ headers }) => headers["webhook-id"]);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(ids[0]).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(seen[0]?.headers["idempotency-key"]).toBe(ids[0]);
  });

  test("header values come from secrets, and are read again after the receiver refused them", async () => {
    const { url, seen } = await receiver((response, { headers }) =>
      response.writeHead(headers.authorization === "Bearer new" ? 200 : 401).end(),
    );
    let token = "Bearer old";
    const read: boolean[] = [];
    const context = targetContext({
      secret: async (reference, options) => {
        if (reference !== "env:TOKEN") return reference;
        read.push(options?.refresh ?? false);
        return token;
      },
    });
    const target = await openTarget(webhook({ url, headers: { Authorization: "env:TOKEN" } }), context);

    const [refused] = await target.deliver([delivery()], soon());
    token = "Bearer new";
    const [accepted] = await target.deliver([delivery()], soon());

    expect([verdictOf(refused), verdictOf(accepted)]).toEqual(["target: target-refused", "delivered"]);
    expect(read).toEqual([false, true]);
    expect(seen).toHaveLength(2);
  });
});

test("a webhook to loopback is refused unless the route or the environment allows it", async () => {
  const { url, seen } = await receiver();
  const closed = targetContext({ allowPrivateAddresses: false });
  const outcome = await deliverOne(webhook({ url }), {}, closed);
  expect(verdictOf(outcome)).toBe("target: target-refused");
  expect(verdictOf(await deliverOne(webhook({ url: url.replace("127.0.0.1", "localhost") }), {}, closed))).toBe("target: target-refused");
  expect(verdictOf(await deliverOne(webhook({ url: url.replace("127.0.0.1", "2130706433") }), {}, closed))).toBe("target: target-refused");
  expect(verdictOf(await deliverOne(webhook({ url, allowPrivate: true }), {}, closed))).toBe("delivered");
  expect(seen).toHaveLength(1);
});

test("an invalid address is refused when the route is defined, without showing what may be secret", () => {
  expect(() => webhook({ url: "nonsense" })).toThrow(RelayError);
  expect(() => webhook({ url: "https://user:password@host name/" })).not.toThrow("password");
  expect(() => webhook({ url: "ftp://host/" })).toThrow("http://");
  expect(webhook({ url: "https://user:password@host/path?token=1" }).name).toBe("https://host/path");
});
