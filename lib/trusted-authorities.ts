/** Certificate authorities to trust beside those that Node trusts by itself: a `ca` option adds to these and never replaces them. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import tls, { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { extraAuthoritiesFile } from "./config.js";
import { RelayError } from "./errors.js";

const certificatePattern = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Trusts `ca` (PEM, one certificate or several) and all that Node trusts. Node drops its own authorities, and those of NODE_EXTRA_CA_CERTS, as soon as `ca` is
 * passed to it (https://nodejs.org/docs/latest/api/tls.html#tlscreatesecurecontextoptions), so they are passed along. Made once per target: it parses about 150
 * certificates.
 */
export function trustAlso(ca: string): SecureContext {
  return createSecureContext({ ca: [...ownAuthorities(), ...parseCertificates(ca)] });
}

/** The certificates of a PEM text. Throws `bad-configuration` if it has none, or one that cannot be read; the message does not show it. */
export function parseCertificates(pem: string): readonly string[] {
  const certificates = pem.match(certificatePattern) ?? [];
  if (certificates.length > 0 && certificates.every(isCertificate)) return certificates;
  throw new RelayError(
    "bad-configuration",
    'A certificate authority must be given as PEM text that starts with "-----BEGIN CERTIFICATE-----"; the text given has no readable certificate.',
  );
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

/** What Node trusts when nothing is passed: Node 22.15 and newer say so themselves, with the system's store where `--use-system-ca` adds it. */
export function ownAuthorities(): readonly string[] {
  const { getCACertificates } = tls as { readonly getCACertificates?: (type: "default") => readonly string[] };
  const known = getCACertificates?.("default") ?? rootCertificates;
  const file = extraAuthoritiesFile();
  return file === undefined ? known : [...known, ...readAuthorities(file)];
}

/** As Node does at its start: a file that cannot be read is ignored, and Node has warned of it then. */
function readAuthorities(file: string): readonly string[] {
  try {
    return parseCertificates(readFileSync(file, "utf8"));
  } catch {
    return [];
  }
}
