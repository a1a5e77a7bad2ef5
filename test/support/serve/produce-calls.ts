/** Produce calls over HTTP that are counted by how they end: an answer, a closed connection, or neither within the limit, which is a call that hangs. */
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { RelayError } from "../../../lib/errors.js";
import type { ProduceOutcome } from "../../../lib/kafka/produce/outcome.js";
import type { OutgoingRecord } from "../../../lib/kafka/records.js";
import type { Write } from "../relay/ledger.js";

interface ProduceCalls {
  readonly write: Write;
  /** By status, or by what ended the connection. */
  readonly ends: ReadonlyMap<string, number>;
  /** Calls that got neither an answer nor the end of their connection. */
  readonly hung: () => number;
  readonly close: () => void;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number;
}

/** After the limit of the call itself. */
const hungAfterMs = 15_000;

/** `urlOf`: where the server is now. `pauseMs`: before each call. Calls of v2 and of v3 batches take turns. */
export function createProduceCalls(urlOf: () => string, clusterId: string, pauseMs: number): ProduceCalls {
  const agent = new Agent({ keepAlive: true });
  const ends = new Map<string, number>();
  let hung = 0;
  let calls = 0;
  const count = (end: string): void => void ends.set(end, (ends.get(end) ?? 0) + 1);
  return {
    ends,
    hung: () => hung,
    close: () => agent.destroy(),
    write: async (topic, records, deadlineMs) => {
      await sleep(pauseMs);
      const contract = calls++ % 2 === 0 ? v2 : v3(clusterId);
      try {
        const answer = await post(agent, `${urlOf()}${contract.path(topic)}`, contract, records, deadlineMs + hungAfterMs);
        count(String(answer.status));
        // As a client should, and not at once.
        if (answer.status === 503) await sleep(answer.retryAfterMs);
        return contract.outcomesOf(answer, records.length);
      } catch (thrown) {
        const { code = "closed" } = thrown as NodeJS.ErrnoException;
        count(code);
        if (code === "ETIMEDOUT") hung++;
        // Nobody has listened: nothing was sent.
        return records.map(() => failed(code !== "ECONNREFUSED"));
      }
    },
  };
}

interface Contract {
  readonly contentType: string;
  readonly path: (topic: string) => string;
  readonly bodyOf: (records: readonly OutgoingRecord[]) => object;
  readonly outcomesOf: (answer: Answer, count: number) => readonly ProduceOutcome[];
}

const base64 = (bytes: Buffer | null): string | null => bytes?.toString("base64") ?? null;
const failed = (isMaybeWritten: boolean): ProduceOutcome => ({
  outcome: "failed",
  error: new RelayError(isMaybeWritten ? "maybe-written" : "kafka-unreachable", "It failed."),
});

const v2: Contract = {
  contentType: "application/vnd.kafka.binary.v2+json",
  path: (topic) => `/topics/${topic}`,
  bodyOf: (records) => ({ records: records.map(({ key, value }) => ({ key: base64(key), value: base64(value) })) }),
  outcomesOf: ({ status, text }, count) => {
    const { offsets, maybe_written } = JSON.parse(text);
    if (status !== 200) return Array.from({ length: count }, () => failed(maybe_written));
    return offsets.map(
      ({ partition, offset, maybe_written: isMaybe }: { partition: number | null; offset: number; maybe_written: boolean }) =>
        partition === null ? failed(isMaybe) : { outcome: "written", partition, offset: BigInt(offset), timestampMs: 0 },
    );
  },
};

const v3 = (clusterId: string): Contract => ({
  contentType: "application/json",
  path: (topic) => `/v3/clusters/${clusterId}/topics/${topic}/records:batch`,
  bodyOf: (records) => ({
    entries: records.map(({ key, value }, index) => ({
      id: String(index),
      key: { type: "BINARY", data: base64(key) },
      value: { type: "BINARY", data: base64(value) },
    })),
  }),
  outcomesOf: ({ status, text }, count) => {
    const { successes, failures, maybe_written } = JSON.parse(text);
    if (status !== 207) return Array.from({ length: count }, () => failed(maybe_written));
    const outcomes = new Map<number, ProduceOutcome>();
    for (const { id, partition_id: partition, offset } of successes)
      outcomes.set(Number(id), { outcome: "written", partition, offset: BigInt(offset), timestampMs: 0 });
    for (const { id, maybe_written: isMaybe } of failures) outcomes.set(Number(id), failed(isMaybe));
    return Array.from({ length: count }, (_, index) => outcomes.get(index) ?? failed(true));
  },
});

function post(agent: Agent, url: string, contract: Contract, records: readonly OutgoingRecord[], limitMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify(contract.bodyOf(records));
    const headers = { "content-type": contract.contentType, "content-length": Buffer.byteLength(body) };
    const call = request(url, { agent, method: "POST", headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString("utf8"),
          retryAfterMs: Number(response.headers["retry-after"] ?? 0) * 1_000,
        }),
      );
    });
    const timer = setTimeout(() => call.destroy(Object.assign(new Error("hung"), { code: "ETIMEDOUT" })), limitMs);
    call.once("error", reject);
    call.once("close", () => clearTimeout(timer));
    call.end(body);
  });
}
