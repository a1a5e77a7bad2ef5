/** The first screen of `npm start`: what is running, and three things to try. */
import pc from "picocolors";
import type { ProvidedBroker } from "../broker/provide.js";
import type { LocalSettings } from "../broker/settings.js";
import { type DeployedFunction, deployedFunctions } from "../build/service-map.js";
import type { ProvidedRegistry } from "../registry/provide.js";
import type { ProvidedAws } from "./aws.js";
import type { LocalHost } from "./host.js";

interface Provided {
  readonly broker: ProvidedBroker;
  readonly databaseUrl: string;
  readonly registry: ProvidedRegistry | undefined;
  readonly aws: Pick<ProvidedAws, "endpoint" | "what"> | undefined;
  readonly host: LocalHost["name"];
}

export function welcome(
  { httpPort }: LocalSettings,
  { broker, databaseUrl, registry, aws, host }: Provided,
  access = "everything",
): string {
  const api = `http://localhost:${httpPort}`;
  const allowed =
    access === "everything"
      ? "everything is allowed here (RELAY_ACCESS=everything)"
      : "callers need a token: npm run relay -- token --scopes admin";
  const isOffline = host === "offline";
  // Only serverless-offline runs schedules, on which the demo's outbox depends, and reloads functions.
  const sources = deployedFunctions().filter(
    ({ file, routeKeys }) => file.startsWith("functions/sources/") && (isOffline || routeKeys.length > 0),
  );
  const routes = deployedFunctions().filter(({ triggers }) => triggers.length > 0);
  const rows = [
    ["Kafka", `${broker.brokers.join(",")}  ${pc.dim(broker.what)}`],
    ["HTTP API", `${api}  ${pc.dim(`OpenAPI: ${api}/openapi.json; ${allowed}`)}`],
    ["Console", `${api}/console`],
    ["SQL", databaseUrl],
    ...(registry === undefined ? [] : [["Schemas", `${registry.url}  ${pc.dim(registry.what)}`]]),
    ...(aws === undefined ? [] : [["AWS", `${aws.endpoint}  ${pc.dim(aws.what)}`]]),
    ...sources.map((source, index) => [index === 0 ? "Sources" : "", `${triggerOf(source, aws !== undefined)} -> ${source.file}.ts`]),
    ...routes.map(({ file, triggers }, index) => [
      index === 0 ? "Routes" : "",
      `${triggers.map(({ topic }) => topic).join(", ")} -> ${file}.ts`,
    ]),
  ];
  const quake =
    '{"id":"try1","properties":{"mag":5.2,"place":"here","time":0,"type":"earthquake","dmin":0.1},"geometry":{"coordinates":[7,51,10]}}';
  return `
${rows.map(([name = "", value]) => `  ${pc.bold(name.padEnd(10))}${value}`).join("\n")}

${pc.bold("Try this in a second terminal:")}

  curl -s ${api}/topics/earthquakes/events -H 'content-type: application/json' -H 'ce-specversion: 1.0' -H 'ce-type: quake' -H 'ce-source: /me' -H 'ce-id: 1' -d '${quake}'
  curl -s '${api}/topics/strong-earthquakes/records?from=beginning'
${isOffline ? "  npm run demo\n" : ""}${registry === undefined ? "" : schemaTry(api, registry)}
Ctrl-C stops everything and keeps the data. ${isOffline ? "Saved edits of functions are live within two seconds. " : ""}Log:
`;
}

function triggerOf({ routeKeys, queues = [], streams = [] }: DeployedFunction, hasAws: boolean): string {
  if (routeKeys[0] !== undefined) return routeKeys[0];
  if (queues.length + streams.length === 0) return "schedule";
  return `${queues.length > 0 ? "queue" : "stream"}${hasAws ? "" : " (not read)"}`;
}

/** Produces with a schema, and reads what the registry has of it. */
function schemaTry(api: string, { url }: ProvidedRegistry): string {
  const schema = '{"type":"record","name":"Quake","fields":[{"name":"id","type":"string"},{"name":"magnitude","type":"double"}]}';
  const body = JSON.stringify({ value_schema: schema, records: [{ value: { id: "try2", magnitude: 5.2 } }] });
  return `
${pc.bold("With schemas:")}

  curl -s ${api}/topics/earthquakes -H 'content-type: application/vnd.kafka.avro.v2+json' -d '${body}'
  export SCHEMA_REGISTRY_URL=${url}
  npm run relay -- schemas list
`;
}
