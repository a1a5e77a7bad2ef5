/** Certificates from Secrets Manager, in the form that Lambda's mappings ask for. */
import { expect, test } from "vitest";
import { createTlsSecrets } from "../../../lib/kafka/tls-secrets.js";

const identityArn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:certificate";
const authorityArn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:authority";
const pem = (name: string) => `-----BEGIN ${name}-----\nAAAA\n-----END ${name}-----`;
const reading = (secrets: Readonly<Record<string, string>>) => async (arn: string) => secrets[arn] ?? "";

test("a client's certificate, its encrypted key, and an authority are read from their secrets", async () => {
  const own = { certificate: pem("CERTIFICATE"), privateKey: pem("ENCRYPTED PRIVATE KEY"), privateKeyPassword: "secret" };
  const read = reading({ [identityArn]: JSON.stringify(own), [authorityArn]: JSON.stringify({ certificate: pem("CERTIFICATE") }) });

  expect(await createTlsSecrets(identityArn, authorityArn, read)()).toEqual({
    cert: own.certificate,
    key: own.privateKey,
    passphrase: "secret",
    ca: pem("CERTIFICATE"),
  });
  expect(await createTlsSecrets(undefined, authorityArn, read)()).toEqual({ ca: pem("CERTIFICATE") });
});

test("line breaks may be written as two characters", async () => {
  const read = reading({ [authorityArn]: JSON.stringify({ certificate: pem("CERTIFICATE").replaceAll("\n", "\\n") }) });

  expect(await createTlsSecrets(undefined, authorityArn, read)()).toEqual({ ca: pem("CERTIFICATE") });
});

test.each([
  ["hunter2", "is not JSON"],
  [JSON.stringify({ certificate: "hunter2" }), "has no usable privateKey"],
  [JSON.stringify({ certificate: 7, privateKey: "hunter2" }), "has no usable certificate"],
])("a secret of another form is a configuration error that does not show it: %j", async (text, words) => {
  const error = await createTlsSecrets(identityArn, undefined, reading({ [identityArn]: text }))().catch((thrown: Error) => thrown);

  expect(error).toMatchObject({ code: "bad-configuration", message: expect.stringContaining(words) });
  expect(String((error as Error).message)).not.toContain("hunter2");
});
