/** The paths that the host answers itself, beside the API: /health, /ready and /metrics. They show no records, names of callers or configuration. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRouter } from "../../lib/http/router.js";
import type { Readiness } from "./readiness.js";

interface OwnPaths {
  readonly readiness: Readiness;
  readonly isDraining: () => boolean;
  readonly metrics: { readonly contentType: string; readonly text: () => Promise<string> };
}

type OwnAnswer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The answer to one of these paths; undefined for every other request. */
export function createOwnPaths(paths: OwnPaths): (request: IncomingMessage) => OwnAnswer | undefined {
  const answers: Readonly<Record<string, OwnAnswer>> = {
    // Whether this process works. It does not depend on Kafka: restarting the process would not help there.
    "GET /health": async (request, response) => json(request, response, 200, { status: "up", kafka: paths.readiness.last() }),
    "GET /ready": async (request, response) => {
      if (paths.isDraining()) return json(request, response, 503, { status: "ending" });
      const kafka = await paths.readiness.check();
      const isEnding = paths.isDraining(); // it may have been asked to end while the brokers were asked
      json(request, response, kafka.status === "up" && !isEnding ? 200 : 503, { status: isEnding ? "ending" : kafka.status, kafka });
    },
    "GET /metrics": async (request, response) => {
      const text = await paths.metrics.text();
      send(request, response, 200, paths.metrics.contentType, text);
    },
  };
  const router = createRouter(Object.keys(answers));
  return ({ method = "GET", url = "/" }) => {
    // Most requests ask for another path, which their length and first letters show.
    if (url.length > 200 || !/^\/(health|ready|metrics)\b/.test(url)) return undefined;
    const route = url.includes("%") ? undefined : router.find(method, url.split("?")[0] ?? url);
    return route === undefined ? undefined : answers[route.key];
  };
}

function json(request: IncomingMessage, response: ServerResponse, status: number, body: unknown): void {
  send(request, response, status, "application/json", JSON.stringify(body));
}

function send(request: IncomingMessage, response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(text), "cache-control": "no-store" });
  response.end(request.method === "HEAD" ? "" : text);
}
