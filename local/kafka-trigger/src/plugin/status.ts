/** `GET /_kafka-trigger`: state, positions and lag as JSON, for people and for tests that wait for them. */
import { createServer } from "node:http";
import type { RouteActivity } from "../../../../lib/relay/status/route-journal.js";
import type { TriggerStatus } from "../trigger-status.js";

export interface StatusServer {
  readonly close: () => Promise<void>;
}

/** `activity`: of a route of kafka-relay, which says what becomes of its records; null for any other function, and before its first batch. */
type MappingStatus = TriggerStatus & { readonly function: string; readonly activity: RouteActivity | null };

const path = "/_kafka-trigger";
/** Other names are refused: a web page could let its own name resolve to this machine (DNS rebinding). */
const ownHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/** A port that is in use is reported; everything else goes on. */
export function serveStatus(
  port: number,
  mappings: () => readonly MappingStatus[],
  say: (line: string) => void,
  warn: (line: string) => void,
): Promise<StatusServer | undefined> {
  const server = createServer((request, response) => {
    const isKnown = request.url?.split("?")[0] === path;
    const isOwn = ownHost.test(request.headers.host ?? "");
    const status = !isOwn ? 403 : !isKnown ? 404 : request.method === "GET" ? 200 : 405;
    const refusal = isOwn ? `Only GET ${path} is available here.` : "This host name is not allowed. Use localhost or 127.0.0.1.";
    const body = status === 200 ? { mappings: mappings() } : { message: refusal };
    response.writeHead(status, { "content-type": "application/json", connection: "close" }).end(JSON.stringify(body));
  });
  return new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      warn(
        error.code === "EADDRINUSE"
          ? `port ${port} is in use, so the status is not served; set custom.kafkaTrigger.statusPort to another port, or to false`
          : `the status is not served: ${error.message}`,
      );
      resolve(undefined);
    });
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      say(`http://127.0.0.1:${typeof address === "object" ? address?.port : port}${path}`);
      // Waiting for the next request must not keep the process alive.
      server.unref();
      resolve({
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      });
    });
  });
}
