/** Holds answers against the API's description: another status, another media type or another shape than it says is an error. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { toOpenApi } from "../../../lib/http/openapi.js";
import type { Operations } from "../../../lib/http/operation.js";

interface DescribedAnswer {
  readonly routeKey: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: unknown;
}

interface Described {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

/** What checks answers of these operations. */
export function describedAnswers(operations: Operations): (answer: DescribedAnswer) => void {
  const { paths, components } = toOpenApi(operations, "0.0.0") as never as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Described>> }>>>>;
    readonly components: object;
  };
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const compiled = new Map<string, ValidateFunction>();
  const validatorOf = (name: string, schema: object): ValidateFunction => {
    const known = compiled.get(name) ?? ajv.compile({ ...schema, components });
    compiled.set(name, known);
    return known;
  };

  return (answer) => {
    const { routeKey, status, headers, text, json } = answer;
    const fault = (what: string) => new Error(`${routeKey} answered ${status} ${what}\n${text.slice(0, 1_000)}`);
    const [method = "", path = ""] = routeKey.split(" ");
    const responses = paths[path]?.[method.toLowerCase()]?.responses;
    const described = responses?.[status] ?? (status >= 400 ? responses?.default : undefined);
    // The catch-all has no place in the description: its answers are refusals like any other.
    if (responses === undefined) return;
    if (described === undefined) throw fault("which its description does not name");
    if (described.content === undefined) {
      if (text !== "") throw fault("with a body, and its description says it has none");
      return;
    }
    // HEAD, and objects one behind the other, have no one JSON text.
    if (text === "" || json === undefined) return;
    const type = headers["content-type"] ?? "";
    const media = described.content[type] ?? described.content[type.split(";")[0] ?? ""];
    if (media === undefined) throw fault(`as ${type}, which its description does not name`);
    const validate = validatorOf(`${routeKey} ${status} ${type}`, media.schema);
    if (!validate(json)) throw fault(`in another shape than described: ${ajv.errorsText(validate.errors)}`);
  };
}
