/** Whom a connection trusts when a route names an authority of its own: that one and everyone whom Node trusts. */
import { rootCertificates } from "node:tls";
import { expect, test } from "vitest";
import { parseCertificates } from "../../lib/trusted-authorities.js";
import { certificate, privateKey } from "../support/broker/localhost-certificate.js";

test("every certificate of a PEM text is read, whatever stands between them", () => {
  const [first = "", second = ""] = rootCertificates;

  expect(parseCertificates(`# two of them\n${first}\ntext\n${second}`)).toEqual([first, second]);
});

test.each([
  ["nothing", ""],
  ["a key", privateKey],
  ["a file name", "./ca.pem"],
  ["a damaged certificate", certificate.replace("MIIBlD", "AAAAAA")],
])("%s is not an authority, and the message does not show it", (_, text) => {
  expect(() => parseCertificates(text)).toThrow(/BEGIN CERTIFICATE/);
  if (text !== "") expect(() => parseCertificates(text)).not.toThrow(text);
});
