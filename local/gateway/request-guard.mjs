// Which requests a server on a developer's machine answers. Web pages can reach it too: by its address, with requests that need no preflight, and by a host name that
// resolves to 127.0.0.1 (DNS rebinding). Pure.
import { corsPolicy } from "./cors.mjs";

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];
const safeMethods = ["GET", "HEAD", "OPTIONS"];

/** Throws if a host or an origin is not valid. `allowedHosts` and `corsOrigins` are separated by commas, `boundHost` is the address that is listened on. */
export function parseGuardSettings({ allowedHosts = "", corsOrigins = "", boundHost = "" } = {}) {
  const hosts = listed(allowedHosts).map((host) => {
    if (!/^(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])$/i.test(host))
      throw new Error(`RELAY_ALLOWED_HOSTS: ${JSON.stringify(host)} is not a host name; write names or addresses without scheme and port.`);
    return host.toLowerCase();
  });
  const origins = listed(corsOrigins);
  for (const origin of origins) {
    if (!/^(\*|https?:\/\/[^/\s]+)$/.test(origin))
      throw new Error(`RELAY_CORS_ORIGINS: ${JSON.stringify(origin)} is not an origin, such as https://app.example.com.`);
  }
  const bound = ["", "0.0.0.0", "::"].includes(boundHost) ? [] : [boundHost.toLowerCase()];
  return { hosts: new Set([...loopbackNames, ...bound, ...hosts]), origins };
}

function listed(text) {
  return String(text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** What to do with a request: `refused` with a message, or `preflight` or `passed` with the CORS headers of the answer. */
export function judgeRequest({ method, headers }, { hosts, origins }) {
  const host = headers.host ?? "";
  if (!hosts.has(nameOf(host))) {
    return {
      verdict: "refused",
      message: `The host ${JSON.stringify(host.slice(0, 200))} is not served here. Use localhost, or name the host in RELAY_ALLOWED_HOSTS.`,
    };
  }
  const { origin } = headers;
  const isOwn = origin === undefined || /^https?:\/\/(.+)$/.exec(origin)?.[1] === host;
  const isAllowed = !isOwn && (origins.includes("*") || origins.includes(origin));
  if (isAllowed) {
    const isPreflight = method === "OPTIONS" && headers["access-control-request-method"] !== undefined;
    return { verdict: isPreflight ? "preflight" : "passed", headers: corsHeaders(origin, origins, isPreflight) };
  }
  // A browser that sends no Origin still says in Sec-Fetch-Site that the request comes from another site.
  const isForeign = !isOwn || ["cross-site", "same-site"].includes(headers["sec-fetch-site"]);
  if (isForeign && !safeMethods.includes(method)) {
    return {
      verdict: "refused",
      message: `A web page of ${JSON.stringify((origin ?? "another site").slice(0, 200))} may not call this API. To allow it, name its origin in RELAY_CORS_ORIGINS.`,
    };
  }
  return { verdict: "passed", headers: {} };
}

/** Without its port and in lower case. */
function nameOf(host) {
  return host.replace(/:\d{1,5}$/, "").toLowerCase();
}

function corsHeaders(origin, origins, isPreflight) {
  const { allowedHeaders, allowedMethods, exposedResponseHeaders, maxAge } = corsPolicy;
  return {
    "access-control-allow-origin": origins.includes("*") ? "*" : origin,
    ...(isPreflight
      ? {
          "access-control-allow-methods": allowedMethods.join(","),
          "access-control-allow-headers": allowedHeaders.join(","),
          "access-control-max-age": String(maxAge),
        }
      : { "access-control-expose-headers": exposedResponseHeaders.join(",") }),
  };
}
