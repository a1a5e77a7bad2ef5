/** The receiver of the demo's webhooks: checks every signature, and fails now and then on purpose. */
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const bodyBytesMax = 1_000_000;
const stopTimeoutMs = 2_000;

export interface Receiver {
  /** Webhook ids per quake. More than one means that a quake was delivered twice. */
  readonly accepted: ReadonlyMap<string, ReadonlySet<string>>;
  readonly counts: { readonly refusedOnPurpose: number; readonly repeats: number; readonly badSignatures: number };
  readonly stop: () => Promise<void>;
}

/** Every tenth delivery fails at its first attempt with 503, every fortieth with 429 and a time to wait. */
function failureOf(delivery: number): { readonly status: number; readonly retryAfterSeconds?: number } | undefined {
  if (delivery % 40 === 0) return { status: 429, retryAfterSeconds: 1 };
  return delivery % 10 === 0 ? { status: 503 } : undefined;
}

export async function startReceiver(port: number, secret: string): Promise<Receiver> {
  const webhook = new Webhook(secret);
  const accepted = new Map<string, Set<string>>();
  const seen = new Set<string>();
  const counts = { refusedOnPurpose: 0, repeats: 0, badSignatures: 0 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bodyBytesMax) chunks.push(chunk);
    });
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      const id = String(request.headers["webhook-id"]);
      const isFirst = !seen.has(id);
      seen.add(id);
      const failure = isFirst ? failureOf(seen.size) : undefined;
      if (failure !== undefined) {
        counts.refusedOnPurpose += 1;
        const headers = failure.retryAfterSeconds === undefined ? {} : { "retry-after": String(failure.retryAfterSeconds) };
        return response.writeHead(failure.status, headers).end("on purpose");
      }
      try {
        webhook.verify(body, request.headers as Record<string, string>, { jsonParse: false });
      } catch {
        counts.badSignatures += 1;
        return response.writeHead(401).end("the signature is invalid");
      }
      const quake = (JSON.parse(body) as { readonly id: string }).id;
      const ids = accepted.get(quake) ?? new Set();
      if (ids.has(id)) counts.repeats += 1;
      accepted.set(quake, ids.add(id));
      return response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    accepted,
    counts,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        setTimeout(() => server.closeAllConnections(), stopTimeoutMs).unref();
        server.closeIdleConnections();
      }),
  };
}
