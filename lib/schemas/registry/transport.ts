/** One request to a schema registry: bounded in time and size, over connections that are kept; no redirect is followed. */
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import type { SecureContext } from "node:tls";
import { RelayError } from "../../errors.js";

export interface RegistryAnswer {
  readonly status: number;
  /** Undefined: it is not JSON. */
  readonly body: unknown;
}

export interface RegistryRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs: number;
}

export interface Transport {
  readonly send: (url: URL, request: RegistryRequest) => Promise<RegistryAnswer>;
  readonly close: () => void;
}

const answerBytesMax = 8 * 1_048_576;
const connectionsMax = 8;
const contentType = "application/vnd.schemaregistry.v1+json";

/** `secureContext`: whom to trust, and our own certificate; absent: whom Node trusts. */
export function createTransport(secureContext?: SecureContext): Transport {
  const agents = new Map<string, Agent>();
  const agentOf = async (protocol: string): Promise<{ readonly agent: Agent; readonly request: typeof import("node:http").request }> => {
    const { Agent: AgentClass, request } = protocol === "https:" ? await import("node:https") : await import("node:http");
    const known = agents.get(protocol);
    if (known !== undefined) return { agent: known, request };
    const tls = secureContext === undefined ? {} : { secureContext };
    const agent = new AgentClass({ keepAlive: true, maxSockets: connectionsMax, ...tls });
    agents.set(protocol, agent);
    return { agent, request };
  };
  return {
    send: async (url, given) => {
      const { agent, request } = await agentOf(url.protocol);
      return exchange((options) => request(new URL(`${url.pathname.replace(/\/$/, "")}${given.path}`, url), options), agent, given);
    },
    close: () => {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

function exchange(open: (options: RequestOptions) => ClientRequest, agent: Agent, request: RegistryRequest): Promise<RegistryAnswer> {
  const { method, headers, timeoutMs } = request;
  const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
  return new Promise((resolve, reject) => {
    const sent = body === undefined ? {} : { "content-type": contentType, "content-length": body.length };
    const outgoing = open({
      method,
      agent,
      signal: AbortSignal.timeout(timeoutMs),
      headers: { accept: `${contentType}, application/json;q=0.9`, ...headers, ...sent },
    });
    const fail = (error: Error) => reject(error.name === "AbortError" ? new Error(`no whole answer came within ${timeoutMs} ms`) : error);
    outgoing.on("error", fail).on("response", (incoming) => collect(incoming, outgoing, fail, resolve));
    outgoing.end(body);
  });
}

function collect(
  incoming: IncomingMessage,
  outgoing: ClientRequest,
  fail: (error: Error) => void,
  done: (answer: RegistryAnswer) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  incoming.on("error", fail).on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > answerBytesMax) outgoing.destroy(new Error(`its answer has more than ${answerBytesMax} bytes`));
    else chunks.push(chunk);
  });
  incoming.on("end", () => done({ status: incoming.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString("utf8")) }));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Throws `bad-configuration` without showing what it was given: it may hold a password. */
export function parseRegistryUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if ((url?.protocol === "https:" || url?.protocol === "http:") && url.search === "" && url.hash === "") return url;
  throw new RelayError(
    "bad-configuration",
    "SCHEMA_REGISTRY_URL must be one or several addresses that start with https:// or http://, separated by commas.",
  );
}
