/**
 * serverless.yml as the other programs here read it: which functions there are, those that `custom.kafkaRelay` adds included; which file each is, which calls and topics
 * they answer.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { apiFunctions } from "../plugin/api-functions.js";
import { addedFunctions } from "../plugin/functions.js";
import { readPluginSettings } from "../plugin/settings.js";
import { cloudFormationTags } from "./cloudformation-tags.js";

export const projectFolder = join(import.meta.dirname, "../..");

interface TriggerDeclaration {
  readonly topic: string;
  readonly consumerGroupId?: string;
  readonly batchSize?: number;
  readonly enabled?: boolean;
}

interface FunctionDeclaration {
  readonly handler: string;
  readonly description?: string;
  readonly events?: readonly {
    readonly httpApi?: string | { readonly method: string; readonly path: string };
    readonly msk?: TriggerDeclaration;
    readonly kafka?: TriggerDeclaration & { readonly topic: string };
    readonly schedule?: string | { readonly rate?: string };
    readonly sqs?: unknown;
    readonly stream?: unknown;
  }[];
}

export interface DeployedFunction {
  /** Its key in serverless.yml. */
  readonly key: string;
  /** From the project's folder, without extension: "functions/routes/strong-quakes". */
  readonly file: string;
  /** API Gateway's route keys; `$default` is the one for requests that match no other. */
  readonly routeKeys: readonly string[];
  readonly triggers: readonly TriggerDeclaration[];
  /** What a schedule, a queue or a stream says, as it is written. */
  readonly schedules?: readonly unknown[];
  readonly queues?: readonly unknown[];
  readonly streams?: readonly unknown[];
}

interface ServiceDocument {
  readonly service: string;
  readonly functions?: Readonly<Record<string, FunctionDeclaration>>;
  readonly custom?: { readonly kafkaRelay?: unknown };
}

/** The functions in the order of the template. Variables are left as they are written. */
export function deployedFunctions(text = readFileSync(join(projectFolder, "serverless.yml"), "utf8")): readonly DeployedFunction[] {
  const { functions = {}, custom, service } = parse(text, { customTags: cloudFormationTags }) as ServiceDocument;
  const unresolved = {
    service,
    stage: variable("sls:stage"),
    clusterArn: variable("param:clusterArn"),
    groupPrefix: variable("param:groupPrefix"),
    jwtIssuer: "",
  };
  const settings = readPluginSettings(custom?.kafkaRelay, Object.keys(apiFunctions));
  const added = addedFunctions(settings, { ...unresolved, apiFolder: "functions" });
  const all = [
    ...added.map(({ key, declaration }) => [key, declaration as unknown as FunctionDeclaration] as const),
    ...Object.entries(functions),
  ];
  return all.map(([key, { handler, events = [] }]) => ({
    key,
    file: handler.replace(/\.[^./]+$/, ""),
    routeKeys: events.flatMap(({ httpApi }) => (httpApi === undefined ? [] : [toRouteKey(httpApi)])),
    triggers: events.flatMap(({ msk, kafka }) => [msk, kafka].filter((trigger) => trigger !== undefined)),
    schedules: events.flatMap(({ schedule }) => (schedule === undefined ? [] : [schedule])),
    queues: events.flatMap(({ sqs }) => (sqs === undefined ? [] : [sqs])),
    streams: events.flatMap(({ stream }) => (stream === undefined ? [] : [stream])),
  }));
}

/** As serverless.yml would have it. */
const variable = (name: string): string => `\${${name}}`;

function toRouteKey(event: string | { readonly method: string; readonly path: string }): string {
  const [method = "", path] = typeof event === "string" ? event.split(" ") : [event.method, event.path];
  return path === undefined || method === "*" ? "$default" : `${method.toUpperCase()} ${path}`;
}
