/** Which requests the servers of a developer's machine answer: by Host, Origin and method. */
import { expect, test } from "vitest";
import { judgeRequest, parseGuardSettings } from "../../../local/gateway/request-guard.mjs";

const closed = parseGuardSettings();
const open = parseGuardSettings({ allowedHosts: "dev.example.test, 10.0.0.5", corsOrigins: "https://app.example.com" });
const verdictOf = (method: string, headers: Readonly<Record<string, string>>, settings = closed) =>
  judgeRequest({ method, headers: { host: "localhost:3000", ...headers } }, settings).verdict;

test.each([
  ["localhost:3000", "passed"],
  ["LOCALHOST", "passed"],
  ["127.0.0.1:3000", "passed"],
  ["[::1]:3000", "passed"],
  ["evil.example", "refused"],
  ["evil.example:3000", "refused"],
  ["localhost.evil.example", "refused"],
  ["127.0.0.1.evil.example:3000", "refused"],
  ["127.0.0.1:3000@evil.example", "refused"],
  ["dev.example.test", "refused"],
  ["", "refused"],
])("a call to the host %j is %s, whatever its method", (host, verdict) => {
  for (const method of ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]) expect(verdictOf(method, { host })).toBe(verdict);
});

test("hosts that are configured are served, and the address that is listened on", () => {
  expect(verdictOf("POST", { host: "dev.example.test:3000" }, open)).toBe("passed");
  expect(verdictOf("POST", { host: "10.0.0.5:3000" }, open)).toBe("passed");
  expect(verdictOf("GET", { host: "192.168.1.7:3000" }, parseGuardSettings({ boundHost: "192.168.1.7" }))).toBe("passed");
  expect(verdictOf("GET", { host: "0.0.0.0:3000" }, parseGuardSettings({ boundHost: "0.0.0.0" }))).toBe("refused");
});

test.each([
  ["no origin, as from curl", {}, "passed"],
  ["its own origin", { origin: "http://localhost:3000" }, "passed"],
  ["its own name on another port", { origin: "http://localhost:5173" }, "refused"],
  ["another origin", { origin: "https://evil.example" }, "refused"],
  ["an opaque origin", { origin: "null" }, "refused"],
  ["an origin that ends like its own", { origin: "https://evil.example#localhost:3000" }, "refused"],
  ["no origin, from another site by what the browser says", { "sec-fetch-site": "cross-site" }, "refused"],
  ["no origin, from the same origin by what the browser says", { "sec-fetch-site": "same-origin" }, "passed"],
])("a call that changes something, with %s, is judged by it", (_, headers, verdict) => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) expect(verdictOf(method, headers)).toBe(verdict);
});

test("a page of another origin may ask, and is given no header by which it could read the answer", () => {
  for (const method of ["GET", "HEAD", "OPTIONS"]) {
    expect(
      judgeRequest(
        { method, headers: { host: "localhost:3000", origin: "https://evil.example", "access-control-request-method": "DELETE" } },
        open,
      ),
    ).toEqual({
      verdict: "passed",
      headers: {},
    });
  }
});

test("an origin that is configured is let in by name, its preflight answered, without credentials", () => {
  const origin = "https://app.example.com";
  const preflight = judgeRequest(
    { method: "OPTIONS", headers: { host: "localhost", origin, "access-control-request-method": "POST" } },
    open,
  );
  const call = judgeRequest({ method: "POST", headers: { host: "localhost", origin } }, open);

  expect(preflight).toMatchObject({
    verdict: "preflight",
    headers: { "access-control-allow-origin": origin, "access-control-max-age": "600" },
  });
  expect(preflight).toMatchObject({ headers: { "access-control-allow-headers": expect.stringContaining("ce-id") } });
  expect(call).toMatchObject({ verdict: "passed", headers: { "access-control-allow-origin": origin } });
  expect(JSON.stringify([preflight, call])).not.toContain("credentials");
  expect(verdictOf("POST", { origin: "https://other.example" }, parseGuardSettings({ corsOrigins: "*" }))).toBe("passed");
});

test.each([
  [{ allowedHosts: "http://dev.example" }, /RELAY_ALLOWED_HOSTS: "http:\/\/dev.example" is not a host name/],
  [{ corsOrigins: "app.example.com" }, /RELAY_CORS_ORIGINS: "app.example.com" is not an origin/],
])("%j is refused with what would be right", (given, message) => {
  expect(() => parseGuardSettings(given)).toThrow(message);
});
