/**
 * Certificates from Secrets Manager, in the form that Lambda's mappings ask for: `{certificate, privateKey, privateKeyPassword}` for a client's own, `{certificate}` for
 * an authority (https://docs.aws.amazon.com/lambda/latest/dg/kafka-cluster-auth.html). So one secret serves functions and mappings.
 */
import * as v from "valibot";
import { RelayError } from "../errors.js";
import { createSecrets, type ReadSecret } from "../secrets.js";
import { toPem } from "./pem.js";
import type { TlsOptions } from "./security.js";

const pem = v.pipe(v.string(), v.nonEmpty());
const identity = v.object({ certificate: pem, privateKey: pem, privateKeyPassword: v.optional(v.string()) });
const authority = v.object({ certificate: pem });

export function createTlsSecrets(
  identityArn: string | undefined,
  authorityArn: string | undefined,
  read: ReadSecret = createSecrets(),
): NonNullable<TlsOptions["secrets"]> {
  return async () => {
    const [own, trusted] = await Promise.all([
      identityArn === undefined ? undefined : fieldsOf(identityArn, identity, read),
      authorityArn === undefined ? undefined : fieldsOf(authorityArn, authority, read),
    ]);
    return {
      ...(own === undefined ? {} : { cert: toPem(own.certificate), key: toPem(own.privateKey) }),
      ...(own?.privateKeyPassword ? { passphrase: own.privateKeyPassword } : {}),
      ...(trusted === undefined ? {} : { ca: toPem(trusted.certificate) }),
    };
  };
}

/** Says which member is missing, and never what the others hold. */
async function fieldsOf<Schema extends v.GenericSchema>(arn: string, schema: Schema, read: ReadSecret): Promise<v.InferOutput<Schema>> {
  let data: unknown;
  try {
    data = JSON.parse(await read(arn));
  } catch (cause) {
    if (cause instanceof RelayError) throw cause;
    throw new RelayError("bad-configuration", `The secret ${arn} is not JSON. It must have the members of a certificate.`);
  }
  const result = v.safeParse(schema, data);
  if (result.success) return result.output;
  const members = result.issues.map((issue) => v.getDotPath(issue) ?? "?").join(", ");
  throw new RelayError(
    "bad-configuration",
    `The secret ${arn} has no usable ${members}. A client's certificate needs certificate and privateKey, an authority's needs certificate.`,
  );
}
