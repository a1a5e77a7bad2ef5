/** The variables and flags of `kafka-relay serve` that the functions do not have: names, forms and defaults. A test compares docs/serve.md with them. */
import * as v from "valibot";
import { parseCidr } from "../../lib/patterns/cidr.js";

const text = v.pipe(v.string(), v.trim(), v.nonEmpty());
const count = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d+$/, "must be a whole number"),
    v.transform(Number),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  );

/** An address, or a range of them. */
function isAddressOf(range: string): (address: string) => boolean {
  return parseCidr(range.includes("/") ? range : `${range}/${range.includes(":") ? 128 : 32}`);
}

const addresses = v.pipe(
  text,
  v.check((list) => {
    try {
      for (const range of list.split(",")) isAddressOf(range.trim());
      return true;
    } catch {
      return false;
    }
  }, "must be a comma-separated list of IP addresses and ranges, such as 10.0.0.7,10.1.0.0/16"),
  v.transform((list) => {
    const ranges = list.split(",").map((range) => isAddressOf(range.trim()));
    return (address: string): boolean => ranges.some((has) => has(address));
  }),
);

/** `all`, or names. */
const routeNames = v.pipe(
  text,
  v.regex(/^[a-z0-9-]+(\s*,\s*[a-z0-9-]+)*$/, "must be all, or the names of routes such as strong-quakes,quakes-to-sql"),
  v.transform((list): "all" | readonly string[] => (list === "all" ? list : list.split(",").map((name) => name.trim()))),
);

export const serveVariables = v.object({
  RELAY_SERVE_PORT: v.optional(count(0, 65_535), "8082"),
  RELAY_SERVE_HOST: v.optional(text, "127.0.0.1"),
  RELAY_SERVE_WORKERS: v.optional(count(1, 64), "1"),
  RELAY_SERVE_LOG: v.optional(v.picklist(["lines", "json", "quiet"], "must be lines, json or quiet"), "lines"),
  RELAY_SERVE_DRAIN_MS: v.optional(count(0, 600_000), "30000"),
  RELAY_SERVE_CONNECTIONS_MAX: v.optional(count(1, 1_000_000), "20000"),
  RELAY_SERVE_CALLS_MAX: v.optional(count(1, 100_000), "2000"),
  RELAY_SERVE_HEADER_BYTES_MAX: v.optional(count(1_024, 1_048_576), "16384"),
  RELAY_SERVE_BODY_BYTES_MAX: v.optional(count(1_024, 268_435_456), "16777216"),
  RELAY_SERVE_UNREAD_BYTES_MAX: v.optional(count(67_108_864, 17_179_869_184), "268435456"),
  RELAY_SERVE_HEADERS_TIMEOUT_MS: v.optional(count(100, 600_000), "10000"),
  RELAY_SERVE_REQUEST_TIMEOUT_MS: v.optional(count(100, 3_600_000), "120000"),
  RELAY_SERVE_IDLE_TIMEOUT_MS: v.optional(count(100, 3_600_000), "30000"),
  RELAY_SERVE_KEEP_ALIVE_TIMEOUT_MS: v.optional(count(100, 3_600_000), "65000"),
  RELAY_SERVE_CALL_TIMEOUT_MS: v.optional(count(100, 600_000), "29000"),
  RELAY_STREAMS_MAX: v.optional(count(0, 100_000), "1000"),
  RELAY_STREAMS_PER_CALLER_MAX: v.optional(count(0, 100_000), "100"),
  RELAY_STREAMS_FOLLOWED_MAX: v.optional(count(1, 1_000), "64"),
  RELAY_STREAM_BYTES_MAX: v.optional(count(65_536, 268_435_456), "2097152"),
  RELAY_STREAM_UNREAD_BYTES_MAX: v.optional(count(0, 268_435_456), "1048576"),
  RELAY_STREAM_IDLE_MS: v.optional(count(100, 3_600_000), "60000"),
  RELAY_STREAM_LASTS_MS: v.optional(count(100, 604_800_000), "86400000"),
  RELAY_STREAM_HEARTBEAT_MS: v.optional(count(100, 600_000), "15000"),
  RELAY_STREAM_RECHECK_MS: v.optional(count(100, 600_000), "30000"),
  RELAY_SERVE_CONSUMERS_MAX: v.optional(count(0, 100_000), "1000"),
  RELAY_SERVE_CONSUMER_IDLE_TIMEOUT_MS: v.optional(count(1_000, 86_400_000), "300000"),
  RELAY_SERVE_CONSUMER_SESSION_TIMEOUT_MS: v.optional(count(6_000, 300_000), "10000"),
  RELAY_SERVE_CONSUMER_CALLS_WAITING_MAX: v.optional(count(1, 1_000), "16"),
  RELAY_SERVE_ROUTES: v.optional(routeNames),
  RELAY_SERVE_SOURCES: v.optional(v.picklist(["on", "off"], "must be on or off"), "off"),
  RELAY_SERVE_STAGE: v.optional(v.pipe(text, v.regex(/^[A-Za-z0-9-]{1,64}$/, "must be the name of a stage, such as prod"))),
  RELAY_CALLER_HEADER: v.optional(v.pipe(text, v.regex(/^[A-Za-z0-9-]{1,64}$/, "must be the name of a header, such as x-forwarded-user"))),
  RELAY_TRUSTED_PROXIES: v.optional(addresses),
});

export type ServeVariables = v.InferOutput<typeof serveVariables>;
