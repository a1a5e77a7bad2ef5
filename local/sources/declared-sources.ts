/**
 * What the events of sources name, in an emulated AWS: an ARN as it is written, or a resource of serverless.yml, by the name that it has there. Pure.
 */

interface DeclaredResource {
  readonly Type?: unknown;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** What has to be there before it can be read. */
export type ReadResource =
  | { readonly kind: "queue"; readonly name: string; readonly isFifo: boolean }
  | { readonly kind: "stream"; readonly name: string }
  | { readonly kind: "table"; readonly name: string; readonly properties: Readonly<Record<string, unknown>> };

type DeclaredRead =
  | { readonly arn: string; readonly resource: ReadResource | undefined }
  | { readonly resource: Extract<ReadResource, { kind: "table" }>; readonly arn?: undefined }
  | { readonly fault: string };

/** As emulators have it. */
const account = "000000000000";

/** `arn`: as it stands in the event, its variables resolved. */
export function readOf(arn: unknown, resources: Readonly<Record<string, DeclaredResource | undefined>>, region: string): DeclaredRead {
  if (typeof arn === "string") return { arn, resource: resourceOf(arn) };
  const id = logicalIdOf(arn);
  const declared = id === undefined ? undefined : resources[id];
  if (id === undefined || declared === undefined)
    return { fault: `its ARN ${JSON.stringify(arn)} is neither a text nor a resource of serverless.yml` };
  const { Type, Properties = {} } = declared;
  const named = (member: string): string => (typeof Properties[member] === "string" ? (Properties[member] as string) : id);
  switch (Type) {
    case "AWS::SQS::Queue": {
      const isFifo = Properties.FifoQueue === true;
      const name = isFifo && !named("QueueName").endsWith(".fifo") ? `${named("QueueName")}.fifo` : named("QueueName");
      return { arn: `arn:aws:sqs:${region}:${account}:${name}`, resource: { kind: "queue", name, isFifo } };
    }
    case "AWS::Kinesis::Stream":
      return { arn: `arn:aws:kinesis:${region}:${account}:stream/${named("Name")}`, resource: { kind: "stream", name: named("Name") } };
    case "AWS::DynamoDB::Table":
      return { resource: { kind: "table", name: named("TableName"), properties: Properties } };
    default:
      return { fault: `its ARN is of ${id}, a resource of the type ${String(Type)}, which is not read here` };
  }
}

function resourceOf(arn: string): ReadResource | undefined {
  const [, , service, , , ...rest] = arn.split(":");
  const name = rest.join(":").split("/").at(-1) ?? "";
  if (service === "sqs") return { kind: "queue", name, isFifo: name.endsWith(".fifo") };
  return service === "kinesis" ? { kind: "stream", name } : undefined;
}

function logicalIdOf(arn: unknown): string | undefined {
  const given = (arn as { readonly "Fn::GetAtt"?: unknown } | null | undefined)?.["Fn::GetAtt"];
  const [id] = typeof given === "string" ? given.split(".") : Array.isArray(given) ? (given as readonly unknown[]) : [];
  return typeof id === "string" ? id : undefined;
}
