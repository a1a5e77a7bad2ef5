/** The checks of a service's mappings that need only their declarations: the same at start, `package` and `deploy`. Pure. */
import { type DeclaredEvent, declaredEvents, logicalName } from "../plugin/declared-events.js";
import type { Serverless } from "../plugin/serverless.js";
import type { Declaration } from "./members.js";
import { parseDeclaration } from "./parse.js";

export interface CheckedEvent extends Omit<DeclaredEvent, "given"> {
  readonly declaration: Declaration;
}

interface CheckedDeclarations {
  /** The events that are valid by themselves. */
  readonly events: readonly CheckedEvent[];
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

const timeoutDefaultSeconds = 6;

export function checkDeclarations(serverless: Serverless, nowMs: number): CheckedDeclarations {
  const { service } = serverless;
  const events: CheckedEvent[] = [];
  const faults: string[] = [];
  const warnings: string[] = [];
  for (const { given, ...event } of declaredEvents(serverless)) {
    const timeoutSeconds = service.getFunction(event.functionKey).timeout ?? service.provider.timeout ?? timeoutDefaultSeconds;
    const parsed = parseDeclaration(given, { ...event, timeoutSeconds, nowMs });
    if (!parsed.ok) {
      faults.push(...parsed.faults);
      continue;
    }
    warnings.push(...parsed.warnings);
    events.push({ ...event, declaration: parsed.declaration });
  }
  return { events, faults: [...faults, ...sameMappings(events)], warnings };
}

/** What identifies a mapping. */
interface MappingSource {
  readonly functionKey: string;
  readonly kind: "msk" | "kafka";
  readonly isResource: boolean;
  readonly declaration: { readonly topic: string; readonly arn?: unknown; readonly bootstrapServers?: unknown };
}

/**
 * AWS has one mapping per function, cluster and topic. The framework makes one resource of all events whose names give the same logical id and silently keeps only
 * the last one.
 */
export function sameMappings(events: readonly MappingSource[]): readonly string[] {
  const seen = new Map<string, MappingSource>();
  return events.flatMap((event) => {
    const ids = [sourceOf(event), ...(event.isResource ? [] : [logicalIdOf(event)])];
    const other = ids.map((id) => seen.get(id)).find((one) => one !== undefined);
    for (const id of ids) seen.set(id, other ?? event);
    return other === undefined ? [] : [oneMapping(event, other.declaration.topic)];
  });
}

function oneMapping({ functionKey, kind, declaration: { topic } }: MappingSource, otherTopic: string): string {
  const place = `function ${functionKey}: two ${kind} events`;
  if (topic === otherTopic)
    return `${place} name the topic ${topic}: AWS has one mapping per function, cluster and topic, and the framework packages only the last event. Merge them into one event, or use a second function`;
  return `${place} name the topics ${otherTopic} and ${topic}. The framework names mappings by letters and digits only, so it would package just the last of the two. Use a second function for one of them`;
}

/** What is read, and by which function. */
function sourceOf({ functionKey, kind, declaration }: MappingSource): string {
  return JSON.stringify([functionKey, kind, clusterOf(declaration), declaration.topic]);
}

/** The cluster as it is declared. */
export function clusterOf({ arn, bootstrapServers }: MappingSource["declaration"]): string {
  return JSON.stringify(arn ?? [bootstrapServers].flat().sort());
}

/** As the framework names the mapping's resource. */
function logicalIdOf({ functionKey, kind, declaration: { topic, arn } }: MappingSource): string {
  const start = `${logicalName(functionKey)}EventSourceMapping`;
  if (kind === "kafka") return `${start}Kafka${plain(topic, 158)}`;
  const { "Fn::ImportValue": imported, Ref: reference } = (arn ?? {}) as Readonly<Record<string, unknown>>;
  const cluster = typeof arn === "string" ? arn.split("/")[1] : (imported ?? reference);
  return `${start}MSK${plain(String(cluster), 79)}${plain(topic, 79)}`;
}

function plain(name: string, charactersMax: number): string {
  const text = name.replaceAll(/[^0-9A-Za-z]/g, "");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`.slice(0, charactersMax);
}

export interface DeclaredGroup {
  readonly functionKey: string;
  readonly kind: "msk" | "kafka";
  readonly consumerGroupId: string;
  readonly cluster: string;
}

/** A group id must be the account's only one (https://docs.aws.amazon.com/lambda/latest/dg/kafka-consumer-group-id.html): two mappings would each get a part of the partitions. */
export function sharedGroups(members: readonly DeclaredGroup[]): readonly string[] {
  const first = new Map<string, string>();
  return members.flatMap(({ functionKey, kind, consumerGroupId, cluster }) => {
    const place = `${consumerGroupId} ${cluster}`;
    const other = first.get(place);
    first.set(place, other ?? functionKey);
    return other === undefined
      ? []
      : [
          `function ${functionKey}: ${kind}.consumerGroupId ${JSON.stringify(consumerGroupId)} is already used by function ${other}; each mapping needs its own`,
        ];
  });
}
