/** Requests to a registry with Confluent's API: tried once more, at its next address or with fresh credentials, and not at all during an outage. */
import { assertTimeLeft, type Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { type AnswerBody, registryUnavailable } from "./confluent-answers.js";
import type { RegistryAnswer, RegistryRequest, Transport } from "./transport.js";

/** The headers that say who we are. */
export interface RegistryAuthorization {
  readonly headers: (refresh: boolean) => Promise<Readonly<Record<string, string>>>;
  /** They were refused. True: others can be had, so it makes sense to try again now. */
  readonly doubt: () => boolean;
}

export interface ConfluentOptions {
  /** Tried in their order. */
  readonly urls: readonly URL[];
  readonly transport: Transport;
  readonly authorization?: RegistryAuthorization | undefined;
  readonly now?: () => number;
}

const attemptMsMax = 2_500;
const attemptsMax = 2;
/** During an outage, who asks waits for a few timeouts in total, not one per record. */
const outageKeptMs = 1_000;
const saidCharactersMax = 500;

export class RegistryClient {
  readonly #options: ConfluentOptions;
  readonly #now: () => number;
  #outage: { readonly error: RelayError; readonly untilMs: number } | undefined;
  #urlIndex = 0;

  constructor(options: ConfluentOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Any answer but an outage and a refusal of our credentials; those are tried once more, then thrown. */
  async ask(method: RegistryRequest["method"], path: string, deadline: Deadline, body?: unknown): Promise<RegistryAnswer> {
    if (this.#outage !== undefined && this.#now() < this.#outage.untilMs) throw this.#outage.error;
    let failure: RelayError | undefined;
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      assertTimeLeft(deadline, "ask the schema registry");
      const outcome = await this.#attempt(method, path, deadline, body, attempt > 1);
      if (!(outcome instanceof RelayError)) {
        this.#outage = undefined;
        return outcome;
      }
      failure = outcome;
      if (failure.code === "registry-unavailable") this.#urlIndex += 1;
      else if (this.#options.authorization?.doubt() !== true) break;
    }
    if (failure?.code === "registry-unavailable") this.#outage = { error: failure, untilMs: this.#now() + outageKeptMs };
    throw failure;
  }

  async #attempt(
    method: RegistryRequest["method"],
    path: string,
    deadline: Deadline,
    body: unknown,
    isRefresh: boolean,
  ): Promise<RegistryAnswer | RelayError> {
    const { urls, transport, authorization } = this.#options;
    const url = urls[this.#urlIndex % urls.length] as URL;
    const headers = (await authorization?.headers(isRefresh)) ?? {};
    const timeoutMs = Math.max(1, Math.min(attemptMsMax, Math.floor(deadline.leftMs())));
    try {
      const answer = await transport.send(url, { method, path, headers, timeoutMs, ...(body === undefined ? {} : { body }) });
      return failureOf(answer, url) ?? answer;
    } catch (cause) {
      // A secret or certificate of ours that cannot be read.
      if (cause instanceof RelayError) throw cause;
      return registryUnavailable(`${url.origin} cannot be asked: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    }
  }

  /** The object or list of a good answer; what a registry says of a schema is thrown. */
  sound({ status, body }: RegistryAnswer, what: string): AnswerBody {
    if (status >= 200 && status < 300 && typeof body === "object" && body !== null) return body as AnswerBody;
    if (status >= 200 && status < 300) throw registryUnavailable(`it answered ${status} without ${what}`);
    const said = messageOf(body);
    throw new RelayError("schema-refused", `The schema registry refused the schema: ${said === "" ? `it answered ${status}` : said}`);
  }
}

function failureOf({ status, body }: RegistryAnswer, url: URL): RelayError | undefined {
  const said = messageOf(body);
  const words = said === "" ? "" : `: ${said}`;
  if (status === 401)
    return new RelayError("registry-unauthenticated", `The schema registry ${url.origin} does not accept our credentials${words}`);
  if (status === 403) return new RelayError("registry-forbidden", `The schema registry ${url.origin} does not allow it${words}`);
  if (status >= 500 || status === 429 || status === 408) return registryUnavailable(`${url.origin} answered ${status}${words}`);
  if (status >= 300 && status < 400) return registryUnavailable(`${url.origin} answered ${status}, and redirects are not followed`);
  // A wrong address must not turn every record into one with an unknown schema.
  if (status === 404 && typeof (body as AnswerBody | undefined)?.error_code !== "number") {
    return registryUnavailable(`${url.origin} answered 404 as no schema registry does; check the address`);
  }
  return undefined;
}

function messageOf(body: unknown): string {
  const { error_code: code, message } = (typeof body === "object" && body !== null ? body : {}) as AnswerBody;
  if (typeof message !== "string") return "";
  const text = message.replace(/[^\P{Cc}]+/gu, " ").slice(0, saidCharactersMax);
  return typeof code === "number" ? `${text} (${code})` : text;
}
