// The event as API Gateway would have made it. serverless-offline turns bytes into text, which loses some of them, adds a Content-Type where none was sent, and takes
// callers from tokens that it has not checked. What came over the wire is kept until the event is made.
import { randomUUID } from "node:crypto";

/** A header that travels with the request. Its value is an id that nobody can guess. */
const markName = "x-kafka-relay-request";

/** The open requests, by their id. */
const open = new Map();

/** Remembers a request before serverless-offline sees it. A mark that the caller sent is removed. */
export function keep(request, response) {
  const id = randomUUID();
  const { rawHeaders } = request;
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) if (rawHeaders[at].toLowerCase() === markName) rawHeaders.splice(at, 2);
  rawHeaders.push(markName, id);
  open.set(id, request);
  response.once("close", () => open.delete(id));
}

/** Undoes what serverless-offline did to the body, the Content-Type and the caller. An event that did not come over HTTP stays as it is. */
export function asGatewaySent(given) {
  const event = withoutAuthorizer(given);
  const id = event?.headers?.[markName];
  if (id === undefined) return event;
  const { [markName]: _, ...headers } = event.headers;
  const request = open.get(id);
  if (request === undefined) return { ...event, headers };
  const type = request.headers["content-type"];
  if ((type ?? "").trim() === "") delete headers["content-type"];
  const bytes = request.payload;
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) return { ...event, headers };
  headers["content-length"] = String(bytes.length);
  const isText = isGatewayText(type) && isPlain(request.headers["content-encoding"]);
  return { ...event, headers, body: bytes.toString(isText ? "utf8" : "base64"), isBase64Encoded: !isText };
}

/** Nobody has checked who calls: only the token check says so, where tokens are asked for. */
function withoutAuthorizer(event) {
  if (event?.requestContext?.http === undefined) return event;
  const { authorizer: _, ...requestContext } = event.requestContext;
  return { ...event, requestContext };
}

/** The types that an HTTP API hands on as text. Any other body, and a body without a type, comes in base64. */
function isGatewayText(type) {
  const essence = (type ?? "").split(";")[0].trim().toLowerCase();
  return essence.startsWith("text/") || ["application/json", "application/xml", "application/javascript"].includes(essence);
}

const isPlain = (coding) => ["", "identity"].includes((coding ?? "").trim().toLowerCase());
