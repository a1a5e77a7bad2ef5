/** Tokens for the laptop: when they are asked for, and the key they are signed with. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { expect, test } from "vitest";
import { toAccessPolicy } from "../../../lib/access-policy.js";
import { parseConfig } from "../../../lib/config.js";
import { toTokenCaller } from "../../../lib/http/token.js";
import { asksForTokens, createToken, localAudience, localIssuer, publicKeyIn, tokenEnvironment } from "../../../local/auth/tokens.js";
import { createCli } from "../../../local/cli/cli.js";
import { registerToken } from "../../../local/cli/token.js";

test.each([
  [[], false],
  [["--auth", "jwt"], true],
  [["--auth=jwt"], true],
  [["--auth", "none"], false],
])("npm start %j asks for tokens: %s", (args, expected) => {
  expect(asksForTokens(args)).toBe(expected);
});

test.each([[["--auth"]], [["--auth", "basic"]], [["--auth="]]])("npm start %j is told what there is", (args) => {
  expect(() => asksForTokens(args)).toThrow("--auth takes jwt or none");
});

test("a token is good for the environment of its own folder, with its scopes, until it expires", () => {
  const folder = mkdtempSync(join(tmpdir(), "kafka-relay-tokens-"));
  const nowMs = 1_800_000_000_000;
  const token = createToken(folder, { subject: "anna", scopes: ["read", "produce"], groups: ["qa"], expiresInSeconds: 600 }, nowMs);
  const { RELAY_ACCESS, RELAY_ACCESS_GRANTS, RELAY_JWT_PUBLIC_KEY } = tokenEnvironment(folder);
  const rules = parseConfig(tokenEnvironment(folder));

  expect(toTokenCaller(`Bearer ${token}`, rules, nowMs)).toEqual({
    kind: "jwt",
    name: "anna",
    scopes: ["read", "produce"],
    groups: ["qa"],
  });
  expect(() => toTokenCaller(`Bearer ${token}`, rules, nowMs + 700_000)).toThrow("expired");
  expect(() => toTokenCaller(`Bearer ${token}`, { ...rules, RELAY_JWT_AUDIENCE: "another" }, nowMs)).toThrow("another audience");
  expect(() => toTokenCaller(`Bearer ${token}`, { ...rules, RELAY_JWT_ISSUER: "https://other.example/" }, nowMs)).toThrow("another issuer");
  expect(RELAY_ACCESS).toBe("grants");
  expect(toAccessPolicy({ RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS })).toHaveLength(3);
  expect(RELAY_JWT_PUBLIC_KEY).not.toContain("\n");
  rmSync(folder, { recursive: true });
});

test("nobody else on the machine may read the key", () => {
  const folder = mkdtempSync(join(tmpdir(), "kafka-relay-tokens-"));
  tokenEnvironment(folder);

  expect(statSync(join(folder, "auth/private-key.pem")).mode & 0o077).toBe(0);
  rmSync(folder, { recursive: true });
});

test("kafka-relay token prints a token of its data folder, and refuses scopes that are none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kafka-relay-tokens-"));
  const run = async (...words: readonly string[]) => {
    let output = "";
    const stream = new Writable({
      write: (chunk: Buffer, _, done) => {
        output += chunk.toString();
        done();
      },
    });
    const cli = createCli({
      env: { RELAY_DATA_FOLDER: folder },
      stdin: Readable.from([]) as never,
      stdout: stream,
      stderr: stream,
      interrupted: new AbortController().signal,
    });
    registerToken(cli);
    return { code: await cli.run(["token", ...words]), output: output.trim() };
  };

  const good = await run("--scopes", "read, produce", "--groups", "qa, ops", "--subject", "anna");
  const bad = await run("--scopes", "read all");

  expect(good.code).toBe(0);
  expect(
    toTokenCaller(
      `Bearer ${good.output}`,
      parseConfig({
        RELAY_JWT_PUBLIC_KEY: publicKeyIn(folder),
        RELAY_JWT_ISSUER: localIssuer,
        RELAY_JWT_AUDIENCE: localAudience,
        RELAY_JWT_GROUPS_CLAIM: "groups",
      }),
      Date.now(),
    ),
  ).toEqual({
    kind: "jwt",
    name: "anna",
    scopes: ["read", "produce"],
    groups: ["qa", "ops"],
  });
  expect([bad.code, bad.output]).toEqual([2, expect.stringContaining("--scopes must be a comma-separated list of names without spaces")]);
  rmSync(folder, { recursive: true });
});
