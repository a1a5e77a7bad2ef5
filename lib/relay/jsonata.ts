/** JSONata as a transform: loaded on demand, compiled once, guarded in time and depth. */
import type { Expression } from "jsonata";
import { RelayError } from "../errors.js";
import { installed } from "../installed.js";
import { NumberText, plainText } from "../json/number-text.js";
import { toJsonText } from "../json/write.js";
import type { RecordDocument } from "./route/document.js";
import type { TransformedMessage, TransformResult } from "./route/transform.js";

export interface JsonataOptions {
  /** What the expression gives: the body of the message (default), a list of bodies, a message of key, value and headers, or a list of those. */
  readonly gives?: "value" | "values" | "message" | "messages";
  /** 100 where absent. */
  readonly timeoutMs?: number;
  /** Calls inside one another; 200 where absent. An expression without end is stopped by this or by the time. */
  readonly depthMax?: number;
}

export interface JsonataTransform {
  readonly kind: "jsonata";
  readonly expression: string;
  readonly options: Required<JsonataOptions>;
  /** Evaluates over { key, value, headers, topic, partition, offset, timestamp, ce }. An expression that gives nothing makes no message. */
  readonly run: (document: RecordDocument) => Promise<TransformResult>;
  /** Compiles without running; throws `bad-configuration` with the place in the expression. */
  readonly check: () => Promise<void>;
}

export function isJsonata(transform: unknown): transform is JsonataTransform {
  return typeof transform === "object" && transform !== null && (transform as { kind?: unknown }).kind === "jsonata";
}

/** A transform in JSONata (https://docs.jsonata.org): `jsonata('{ "id": value.id, "strong": value.magnitude > 5 }')`. */
export function jsonata(expression: string, options: JsonataOptions = {}): JsonataTransform {
  const { gives = "value", timeoutMs = 100, depthMax = 200 } = options;
  let compiled: Promise<Expression> | undefined;
  const compile = (): Promise<Expression> => {
    compiled ??= load(expression, timeoutMs, depthMax);
    return compiled;
  };
  return {
    kind: "jsonata",
    expression,
    options: { gives, timeoutMs, depthMax },
    run: async (document) => {
      const compiledExpression = await compile();
      return toResult((await compiledExpression.evaluate(document.toObject())) as unknown, gives);
    },
    check: async () => {
      await compile();
    },
  };
}

async function load(expression: string, timeoutMs: number, depthMax: number): Promise<Expression> {
  const { default: parse } = await installed("jsonata", () => import("jsonata"));
  try {
    const compiled = parse(expression, { timeout: timeoutMs, stack: depthMax } as Parameters<typeof parse>[1]);
    await acceptExactNumbers(compiled, parse);
    return compiled;
  } catch (thrown) {
    const { message, position } = thrown as { readonly message?: string; readonly position?: number };
    throw new RelayError(
      "bad-configuration",
      `The JSONata expression is invalid at character ${position ?? "?"}: ${message ?? String(thrown)}`,
      { cause: thrown },
    );
  }
}

/**
 * JSONata computes with doubles. A number that none holds goes through an expression as a NumberText, with all its digits; JSONata's operators for numbers refuse
 * it, so that nothing is rounded unseen; `$string` and `&` take its digits, `$number` the nearest double.
 */
async function acceptExactNumbers(expression: Expression, parse: (text: string) => Expression): Promise<void> {
  const [string, number] = await Promise.all([builtIn(parse("$string")), builtIn(parse("$number"))]);
  const toText = (value: unknown, prettify?: boolean): unknown => {
    if (value instanceof NumberText) return plainText(value);
    try {
      return string(value, prettify);
    } catch (thrown) {
      if (thrown instanceof TypeError) return toJsonText(value);
      throw thrown;
    }
  };
  expression.registerFunction("string", toText, "<x-b?:s>");
  expression.registerFunction(concatenated, (value: unknown) => toText(value));
  concatenateByDigits(expression.ast());
  expression.registerFunction(
    "number",
    (value: unknown) => (value instanceof NumberText ? Number(value.text) : number(value)),
    "<(nsbo)-:n>",
  );
}

/** No expression can say this name. */
const concatenated = "kafka-relay: text of an operand";

/** Lets both sides of every `&` go through our text of a value: JSONata's own rounds numbers on the way. */
function concatenateByDigits(node: unknown, seen = new Set<object>()): void {
  if (typeof node !== "object" || node === null || seen.has(node)) return;
  seen.add(node);
  for (const inner of Object.values(node)) concatenateByDigits(inner, seen);
  const operation = node as { type?: string; value?: unknown; lhs?: unknown; rhs?: unknown };
  if (operation.type !== "binary" || operation.value !== "&") return;
  operation.lhs = textOfOperand(operation.lhs);
  operation.rhs = textOfOperand(operation.rhs);
}

function textOfOperand(operand: unknown): object {
  const { position } = operand as { readonly position?: number };
  return { type: "function", value: "(", position, arguments: [operand], procedure: { type: "variable", value: concatenated, position } };
}

type Implementation = (...given: unknown[]) => unknown;

async function builtIn(name: Expression): Promise<Implementation> {
  return ((await name.evaluate({})) as { readonly implementation: Implementation }).implementation;
}

/** JSONata hides one-element lists behind their element: asked for a list, the element alone is one. */
function toResult(result: unknown, gives: Required<JsonataOptions>["gives"]): TransformResult {
  if (result === undefined) return undefined;
  const several = gives === "values" || gives === "messages";
  const results: readonly unknown[] = several && Array.isArray(result) ? [...(result as readonly unknown[])] : [result];
  return gives === "value" || gives === "values"
    ? results.map((value) => ({ value: plain(value) }))
    : (results.map(plain) as readonly TransformedMessage[]);
}

/** JSONata's lists carry marks of their own; a copy has none. */
function plain(value: unknown): unknown {
  return Array.isArray(value) ? [...(value as readonly unknown[])] : value;
}
