/** Whom to ask next. */
import { expect, test } from "vitest";
import { addressKey, Brokers, parseAddress } from "../../../lib/kafka/brokers.js";

const addresses = ["a:1", "b:2", "c:3"].map(parseAddress);
const order = (brokers: Brokers, inUse: readonly string[] = []) =>
  brokers.anyInOrder((address) => inUse.includes(addressKey(address))).map(addressKey);

test("a broker is host and port, with a name, an IPv4 or an IPv6 address", () => {
  expect(["kafka.local:9092", "10.0.0.1:9094", "[::1]:9098"].map(parseAddress)).toEqual([
    { host: "kafka.local", port: 9092 },
    { host: "10.0.0.1", port: 9094 },
    { host: "::1", port: 9098 },
  ]);
});

test.each(["kafka", "kafka:", ":9092", "kafka:0", "kafka:70000", "http://kafka:9092", "a b:1"])(
  "%j is not a broker's address, and the message says what one is",
  (text) => {
    expect(() => parseAddress(text)).toThrow(/host:port/);
  },
);

test("brokers are asked in turn", () => {
  const brokers = new Brokers(addresses, 1);

  expect([order(brokers), order(brokers)]).toEqual([
    ["b:2", "c:3", "a:1"],
    ["c:3", "a:1", "b:2"],
  ]);
});

test("one that is connected is asked first, and one that failed last", () => {
  const brokers = new Brokers(addresses, 0);
  brokers.failed(parseAddress("b:2"), 500);
  brokers.failed(parseAddress("a:1"), 700);

  expect(order(brokers)).toEqual(["c:3", "b:2", "a:1"]);
  expect(order(brokers, ["a:1"])[0]).toBe("c:3");
  brokers.worked(parseAddress("a:1"));
  expect(order(brokers, ["a:1"])).toEqual(["a:1", "c:3", "b:2"]);
});

test("what the cluster tells of itself is asked beside the bootstrap brokers", () => {
  const brokers = new Brokers(addresses.slice(0, 1), 0);
  brokers.learn({ brokers: [{ nodeId: 7, host: "d", port: 4 }], controllerId: 7 });

  expect(order(brokers)).toEqual(["d:4", "a:1"]);
  expect(brokers.byId(7)).toEqual({ host: "d", port: 4 });
  expect(brokers.controllerId).toBe(7);
});

test("a coordinator whose broker failed is looked for again", () => {
  const brokers = new Brokers(addresses, 0);
  brokers.learn({ brokers: [{ nodeId: 1, host: "a", port: 1 }], controllerId: -1 });
  brokers.learnCoordinator("billing", 1);

  brokers.failed(parseAddress("a:1"), 1);

  expect(brokers.coordinatorOf("billing")).toBeUndefined();
  expect(brokers.controllerId).toBeUndefined();
});

test("a coordinator that is not a broker any more is looked up again", () => {
  const brokers = new Brokers(addresses, 0);
  const [one, two] = [1, 2].map((nodeId) => ({ nodeId, host: "a", port: nodeId }));
  if (one === undefined || two === undefined) throw new Error("two brokers");
  brokers.learn({ brokers: [one, two], controllerId: 1 });
  brokers.learnCoordinator("billing", 1);
  brokers.learnCoordinator("shipping", 2);

  brokers.learn({ brokers: [two], controllerId: 2 });

  expect([brokers.coordinatorOf("billing"), brokers.coordinatorOf("shipping")]).toEqual([undefined, 2]);
});
