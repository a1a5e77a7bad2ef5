/**
 * Whether traces are written and where they go, by the standard variables of OpenTelemetry, which its SDK reads itself
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). Pure.
 */
import { RelayError } from "../../../lib/errors.js";

export type TraceChoice =
  | { readonly kind: "on"; readonly to: string }
  /** `why`: a variable of OpenTelemetry is set, but no traces are asked for. */
  | { readonly kind: "off"; readonly why?: string };

const exporters = ["otlp", "console", "zipkin", "none"];
const protocols = ["http/protobuf", "http/json", "grpc"];
const endpointDefault = "http://localhost:4318";

/** Throws `bad-configuration` for values by which no trace would ever arrive. The SDK warns of the others and uses its defaults. */
export function toTraceChoice(env: NodeJS.ProcessEnv): TraceChoice {
  const given = Object.keys(env).filter((name) => name.startsWith("OTEL_") && env[name]?.trim());
  if (given.length === 0) return { kind: "off" };
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true") return { kind: "off", why: "OTEL_SDK_DISABLED is true" };
  const named = (env.OTEL_TRACES_EXPORTER ?? "").split(",").flatMap((name) => name.trim() || []);
  const ownEndpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?.trim() || undefined;
  const endpoint = ownEndpoint ?? (env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim() || undefined);
  assertUsable(env, named);
  if (named.includes("none")) return { kind: "off", why: "OTEL_TRACES_EXPORTER is none" };
  if (named.length === 0 && endpoint === undefined) {
    return { kind: "off", why: `${given[0]} is set, but neither OTEL_EXPORTER_OTLP_ENDPOINT nor OTEL_TRACES_EXPORTER` };
  }
  const places = (named.length === 0 ? ["otlp"] : named).map((name) =>
    name === "otlp" ? `${withoutSecrets(endpoint ?? endpointDefault)} (OTLP)` : name,
  );
  return { kind: "on", to: places.join(", ") };
}

function assertUsable(env: NodeJS.ProcessEnv, named: readonly string[]): void {
  const faults = named.every((name) => exporters.includes(name))
    ? []
    : [`OTEL_TRACES_EXPORTER: must be one or more of ${exporters.join(", ")}`];
  for (const name of ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]) {
    const address = env[name]?.trim();
    if (address && !/^https?:$/.test(URL.canParse(address) ? new URL(address).protocol : ""))
      faults.push(`${name}: must be an address such as ${endpointDefault}`);
  }
  for (const name of ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"]) {
    const protocol = env[name]?.trim();
    if (protocol && !protocols.includes(protocol)) faults.push(`${name}: must be one of ${protocols.join(", ")}`);
  }
  if (faults.length > 0) throw new RelayError("bad-configuration", faults.join("\n"));
}

/** An address may hold a name with a password, or a key in its query. */
function withoutSecrets(address: string): string {
  const { origin, pathname } = new URL(address);
  return pathname === "/" ? origin : `${origin}${pathname}`;
}
