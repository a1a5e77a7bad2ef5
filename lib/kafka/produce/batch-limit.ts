/** How large a batch a topic accepts, learned when one was too large. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { Connection } from "../connection.js";
import { describeConfigsApi } from "../protocol/configs.js";
import { kafkaErrors } from "../protocol/error-codes.js";

/** Below what brokers accept by default (1,048,588 bytes per batch). */
const batchBytesDefault = 1_000_000;
/** How long a learned limit is used. */
const limitAgeMaxMs = 60_000;
const topicResource = 2;

export class BatchLimit {
  readonly #topic: string;
  readonly #connection: Connection;
  #learned: { readonly bytes: number; readonly isKafkas: boolean; readonly atMs: number } | undefined;

  constructor(topic: string, connection: Connection) {
    this.#topic = topic;
    this.#connection = connection;
  }

  get bytesMax(): number {
    const learned = this.#learned;
    if (learned === undefined || Date.now() - learned.atMs > limitAgeMaxMs) return batchBytesDefault;
    return Math.min(batchBytesDefault, learned.bytes);
  }

  /** Another topic of the same name has a limit of its own. */
  forget(): void {
    this.#learned = undefined;
  }

  /** After a batch of so many bytes was too large: the topic's own limit, or half of that batch if Kafka does not say. */
  async learn(refusedBytes: number, deadline: Deadline): Promise<void> {
    const configured = await this.#ask(deadline);
    const isUseful = configured !== undefined && configured < refusedBytes;
    this.#learned = { bytes: isUseful ? configured : Math.ceil(refusedBytes / 2), isKafkas: isUseful, atMs: Date.now() };
  }

  recordTooLarge(batchBytes: number): RelayError {
    const limit = this.#learned?.isKafkas === true ? `at most ${this.#learned.bytes} bytes` : "fewer bytes";
    return new RelayError(
      "record-too-large",
      `The record needs ${batchBytes} bytes; topic ${JSON.stringify(this.#topic)} accepts ${limit} (max.message.bytes).`,
      { kafkaCode: kafkaErrors.MESSAGE_TOO_LARGE.code },
    );
  }

  async #ask(deadline: Deadline): Promise<number | undefined> {
    try {
      const key = "max.message.bytes";
      const resources = [{ type: topicResource, name: this.#topic, keys: [key] }];
      const args = { resources, includeSynonyms: false, includeDocumentation: false };
      const answer = await this.#connection.request(describeConfigsApi, args, "any", deadline);
      const value = Number(answer.resources[0]?.configs.find(({ name }) => name === key)?.value);
      return value > 0 ? value : undefined;
    } catch {
      return undefined; // not allowed, or not now: halving works without it
    }
  }
}
