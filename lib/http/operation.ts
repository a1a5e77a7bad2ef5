/** An operation of the API: the permission it needs, what it accepts and what it answers. `createHandler` turns a map of them into a handler. */
import type { GenericSchema, InferOutput } from "valibot";
import type { Caller, Permission, PermittedAction } from "../access.js";
import type { Config } from "../config.js";
import type { Deadline } from "../deadline.js";
import type { Kafka } from "../kafka/port.js";
import type { Host } from "./host.js";
import type { Headers, Lifetime, StreamedBodyLimits } from "./message.js";

/** A reply before it is written out. `body` becomes JSON, with bigints as whole numbers; undefined: no body. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  /** Text that is sent as it is, in place of `body`. */
  readonly text?: string;
  /** The operation has kept `text` below the host's limit, so it is not measured again. */
  readonly isMeasured?: boolean;
  /** In place of both: sent as it is produced, and ended early if the caller goes away. Only where `host.canStream`. */
  readonly stream?: AsyncIterable<string | Uint8Array>;
  /** Of a stream: see `HttpReply`. */
  readonly unreadBytesMax?: number;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface OperationContext {
  readonly kafka: Kafka;
  readonly config: Config;
  readonly deadline: Deadline;
  readonly caller: Caller;
  /** `https://host[:port][/stage]`, for `self` and `related`. */
  readonly baseUrl: string;
  readonly requestId: string;
  /** What the host can do, and its limits. */
  readonly host: Host;
  readonly method: string;
  /** As it was sent, with its escapes. */
  readonly rawPath: string;
  /** Without its "?". */
  readonly rawQuery: string;
  /** Everything that the caller may do. */
  readonly permitted: () => readonly PermittedAction[];
  /** Throws `forbidden` if the caller may not: for resources that only the body names. */
  readonly authorize: (may: Permission, resource?: string) => void;
  /** Looks again at who calls and whether they still may: for replies that last longer than a token. Throws `unauthenticated` and `forbidden`. */
  readonly stillAllowed: () => Promise<void>;
  readonly lifetime: () => Lifetime;
}

type Output<Schema> = Schema extends GenericSchema ? InferOutput<Schema> : undefined;

export interface OperationInput<Path, Query, Body> {
  readonly path: Output<Path>;
  readonly query: Output<Query>;
  readonly body: Output<Body>;
  readonly headers: Headers;
  /** The bytes that the client sent, decompressed. Empty where `bodyStream` is there. */
  readonly rawBody: Buffer;
  /** The body as it arrives, decompressed: where the host streams and the operation wants it. */
  readonly bodyStream: AsyncIterable<Buffer> | undefined;
}

export interface Operation<Path = unknown, Query = unknown, Body = unknown> {
  readonly may: Permission;
  /** Answers everybody, without asking who calls: files that hold no data, and calls that prove themselves by a signature that `run` checks. */
  readonly isPublic?: boolean;
  /** One sentence, for OpenAPI. */
  readonly summary: string;
  /** The path parameter that names the resource of the permission. */
  readonly on?: string;
  readonly path?: Path;
  readonly query?: Query;
  /** With a schema, the body is JSON and is checked by it. Absent: the operation reads `rawBody` itself. */
  readonly body?: Body;
  /** For OpenAPI only: the schemas, by media type, of a body that the operation reads itself. */
  readonly rawBody?: Readonly<Record<string, GenericSchema>>;
  /** Whether the operation reads this body from `bodyStream`, as it arrives. */
  readonly streamsBody?: (headers: Headers) => StreamedBodyLimits | undefined;
  /** The media types that are accepted and returned, for negotiation and OpenAPI; JSON where absent. With an empty list, any Accept header will do. */
  readonly consumes?: readonly string[];
  readonly produces?: readonly string[];
  /** Types that are returned where the host streams; elsewhere, a caller who accepts nothing else is refused with `instead`. */
  readonly streams?: { readonly types: readonly string[]; readonly isHere: boolean; readonly instead: string };
  /** The schemas of answers by status; null: no body. */
  readonly answers: Readonly<Record<number, GenericSchema | null>>;
  /** For OpenAPI only: the body described by `rawBody` may be absent. */
  readonly isBodyOptional?: boolean;
  /** For OpenAPI only: the hosts that offer it, where not all of them do. */
  readonly offeredBy?: readonly string[];
  readonly run: (input: OperationInput<Path, Query, Body>, context: OperationContext) => Promise<Reply>;
}

/** By API Gateway's route key: "POST /topics/{topic}". */
export type Operations = Readonly<Record<string, Operation>>;

/** Types an operation by its schemas. */
export function operation<
  Path extends GenericSchema | undefined = undefined,
  Query extends GenericSchema | undefined = undefined,
  Body extends GenericSchema | undefined = undefined,
>(definition: Operation<Path, Query, Body>): Operation {
  return definition as unknown as Operation;
}
