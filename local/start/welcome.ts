/** The first screen of `npm start`: what is running, and three things to try. */
import pc from "picocolors";
import type { ProvidedBroker } from "../broker/provide.js";
import type { LocalSettings } from "../broker/settings.js";
import { deployedFunctions } from "../build/service-map.js";

export function welcome({ httpPort }: LocalSettings, broker: ProvidedBroker, databaseUrl: string, access = "everything"): string {
  const api = `http://localhost:${httpPort}`;
  const allowed =
    access === "everything"
      ? "everything is allowed here (RELAY_ACCESS=everything)"
      : "callers need a token: npm run relay -- token --scopes admin";
  const routes = deployedFunctions().filter(({ triggers }) => triggers.length > 0);
  const rows = [
    ["Kafka", `${broker.brokers.join(",")}  ${pc.dim(broker.what)}`],
    ["HTTP API", `${api}  ${pc.dim(`OpenAPI: ${api}/openapi.json; ${allowed}`)}`],
    ["SQL", databaseUrl],
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
  npm run demo

Ctrl-C stops everything and keeps the data. Saved edits of functions are live within two seconds. Log:
`;
}
