/** What an HTTP call is: an operation with what it needs, what it takes and what it answers; `http` turns a map of them into a handler. */
import type { GenericSchema, InferOutput } from "valibot";
import type { Caller, Permission } from "../access.js";
import type { Config } from "../config.js";
import type { Deadline } from "../deadline.js";
import type { Kafka } from "../kafka/port.js";

/** An answer before it is written out. `body` is serialised as JSON with the given type, bigints as whole numbers; undefined: no body. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  /** Text that is sent as it is, in place of `body`. */
  readonly text?: string;
  /** The operation has kept `text` below what Lambda gives back: it is not measured again. */
  readonly isMeasured?: boolean;
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
  readonly method: string;
  /** As it was sent, escapes kept. */
  readonly rawPath: string;
  /** Throws `forbidden` where the caller may not: for resources that only the body names. */
  readonly authorize: (may: Permission, resource?: string) => void;
}

type Output<Schema> = Schema extends GenericSchema ? InferOutput<Schema> : undefined;

export interface OperationInput<Path, Query, Body> {
  readonly path: Output<Path>;
  readonly query: Output<Query>;
  readonly body: Output<Body>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The bytes as the client sent them, base64 undone. */
  readonly rawBody: Buffer;
}

export interface Operation<Path = unknown, Query = unknown, Body = unknown> {
  readonly may: Permission;
  /** One sentence, for OpenAPI. */
  readonly summary: string;
  /** The path parameter that names the resource `may` is about. */
  readonly on?: string;
  readonly path?: Path;
  readonly query?: Query;
  /** A schema: the body is JSON and is checked by it. Absent: `rawBody` is the operation's own affair. */
  readonly body?: Body;
  /** What a body is that no schema checks, for OpenAPI alone: its schema by media type. */
  readonly rawBody?: Readonly<Record<string, GenericSchema>>;
  /** Media types taken and given, for negotiation and OpenAPI; JSON where absent. Where none is given (an empty list), any Accept header will do. */
  readonly consumes?: readonly string[];
  readonly produces?: readonly string[];
  /** The schemas of good answers by status; null: no body. */
  readonly answers: Readonly<Record<number, GenericSchema | null>>;
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
