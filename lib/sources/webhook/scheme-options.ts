/** The options that the schemes of inbound webhooks share, and their checks. */
import * as v from "valibot";
import { whole } from "../../option-values.js";
import { reference, textOf } from "../../targets/option-checks.js";
import { checkOptions } from "../../targets/options.js";
import type { Verification } from "./verification.js";

export interface SecretsOption {
  /** One, or two while the sender changes its secret. "env:NAME", an ARN in Secrets Manager, or text. */
  readonly secrets: readonly string[];
}

export interface ToleranceOption {
  /** The replay window; 300,000 where absent. */
  readonly toleranceMs?: number;
}

const secretsMax = 4;
/** Of one request: a sender that changes its secret sends two. */
export const signaturesMax = 10;
export const toleranceMs = whole(1_000, 86_400_000);
export const secretsOf = (parse?: (text: string) => unknown) =>
  v.pipe(
    v.array(reference(parse), "must be a list of secrets"),
    v.minLength(1, "must name at least one secret"),
    v.maxLength(secretsMax, `must name at most ${secretsMax} secrets`),
  );
export const headerName = v.pipe(
  textOf(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "the name of a header"),
  v.transform((name) => name.toLowerCase()),
);
export const checkScheme = (scheme: string, options: object, entries: v.ObjectEntries): void =>
  checkOptions(scheme, options, entries, "webhook scheme");

/** GitHub, Stripe and most others wait 10 seconds or longer. */
const answerWithinMsDefault = 8_000;

/** What a scheme does not say has the value of most of them: no headers, an id for each delivery, and ten seconds for an answer. */
export function toVerification(
  scheme: string,
  options: object & SecretsOption,
  particulars: Pick<Verification, "verify"> & Partial<Verification>,
): Verification {
  return {
    scheme,
    secrets: options.secrets,
    options: shown(options),
    answerWithinMs: answerWithinMsDefault,
    headers: [],
    hasIds: true,
    ...particulars,
  };
}

/** For `sources explain`: a secret that is written in the source itself is not shown. */
function shown(options: object & SecretsOption): Readonly<Record<string, unknown>> {
  const secrets = options.secrets.map((secret) => (/^(env|arn):/.test(secret) ? secret : "(given in the source)"));
  return { ...options, secrets };
}
