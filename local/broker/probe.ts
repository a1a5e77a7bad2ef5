/** Checks whether a Kafka broker answers on a plaintext port. Sends one hand-made Metadata request, so it depends on nothing in lib. */
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** Metadata 4: known from Kafka 0.11 to 4.x, and the first that can avoid creating topics (https://kafka.apache.org/protocol#The_Messages_Metadata). */
const metadataKey = 3;
const metadataVersion = 4;
const answerBytesMax = 1_000_000;
const pollMs = 100;

interface BrokerAnswer {
  readonly clusterId: string | null;
  /** Registered brokers that are not fenced. */
  readonly nodeIds: readonly number[];
  readonly controllerId: number;
}

/** A broker's description of its cluster. Throws if there is no answer within the time limit, or if the answer is not Kafka's. */
export function askBroker(host: string, port: number, timeoutMs: number): Promise<BrokerAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const chunks: Buffer[] = [];
    const fail = (why: string) => {
      socket.destroy();
      reject(new Error(`${host}:${port} ${why}`));
    };
    const timer = setTimeout(() => fail(`did not answer within ${timeoutMs} ms`), timeoutMs);
    socket.once("connect", () => socket.write(metadataRequest()));
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      const answer = Buffer.concat(chunks);
      if (answer.length < 4) return;
      const size = answer.readInt32BE(0);
      if (size < 4 || size > answerBytesMax) return fail("answered, but is not a Kafka broker");
      if (answer.length < size + 4) return;
      socket.destroy();
      try {
        resolve(parseAnswer(answer.subarray(4, size + 4)));
      } catch {
        fail("answered, but is not a Kafka broker");
      }
    });
    socket.once("error", (error) => fail(`cannot be reached (${(error as NodeJS.ErrnoException).code ?? error.message})`));
    socket.once("close", () => {
      clearTimeout(timer);
      reject(new Error(`${host}:${port} closed the connection without an answer`));
    });
  });
}

/** Polls until the expected number of brokers is up. Calls `hasFailed` between polls; a text from it ends the wait. */
export async function waitForBrokers(
  port: number,
  brokersMin: number,
  withinMs: number,
  hasFailed: () => string | undefined,
): Promise<BrokerAnswer> {
  const until = Date.now() + withinMs;
  for (;;) {
    let last = "";
    try {
      const answer = await askBroker("127.0.0.1", port, 2_000);
      if (answer.nodeIds.length >= brokersMin) return answer;
      last = `${answer.nodeIds.length} of ${brokersMin} brokers are up`;
    } catch (error) {
      last = (error as Error).message;
    }
    const failure = hasFailed();
    if (failure !== undefined) throw new Error(failure);
    if (Date.now() >= until) throw new Error(`The broker was not up within ${withinMs / 1000} s: ${last}`);
    await wait(pollMs);
  }
}

function metadataRequest(): Buffer {
  const clientId = Buffer.from("kafka-relay-probe");
  const body = Buffer.alloc(2 + 2 + 4 + 2 + clientId.length + 4 + 1);
  let at = body.writeInt16BE(metadataKey, 0);
  at = body.writeInt16BE(metadataVersion, at);
  at = body.writeInt32BE(1, at);
  at = body.writeInt16BE(clientId.length, at);
  at += clientId.copy(body, at);
  at = body.writeInt32BE(0, at);
  body.writeInt8(0, at);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length, 0);
  return Buffer.concat([size, body]);
}

function parseAnswer(bytes: Buffer): BrokerAnswer {
  let at = 8; // correlation id and throttle time
  const text = (): string | null => {
    const length = bytes.readInt16BE(at);
    at += 2;
    if (length < 0) return null;
    at += length;
    if (at > bytes.length) throw new RangeError("short answer");
    return bytes.toString("utf8", at - length, at);
  };
  const int32 = (): number => {
    at += 4;
    return bytes.readInt32BE(at - 4);
  };
  const nodeIds = Array.from({ length: boundedCount(int32()) }, () => {
    const nodeId = int32();
    text();
    int32();
    text();
    return nodeId;
  });
  return { nodeIds, clusterId: text(), controllerId: int32() };
}

function boundedCount(count: number): number {
  if (count < 0 || count > 10_000) throw new RangeError("the broker list is malformed");
  return count;
}
