/** Tokens for the laptop: when they are asked for, and the key they are signed with. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { expect, test } from "vitest";
import { toAccessPolicy } from "../../../lib/access-policy.js";
import { type Config, parseConfig } from "../../../lib/config.js";
import { callerOfToken, createTokenCheck } from "../../../lib/http/hosts/bearer-token.js";
import { asksForTokens, createToken, localAudience, localIssuer, publicKeyIn, tokenEnvironment } from "../../../local/auth/tokens.js";
import { createCli } from "../../../local/cli/cli.js";
import { registerToken } from "../../../local/cli/token.js";

async function callerOf(token: string, config: Config, nowMs: number) {
  const { RELAY_JWT_PUBLIC_KEY: pem = "", RELAY_JWT_ISSUER: issuer, RELAY_JWT_AUDIENCE: audience } = config;
  const check = createTokenCheck({ keys: { pem }, issuer, audience });
  return callerOfToken(await check(`Bearer ${token}`, new Date(nowMs)), config);
}

test.each([
  [[], false],
  [["--auth", "jwt"], true],
  [["--auth=jwt"], true],
  [["--auth", "none"], false],
])("npm start %j asks for tokens: %s", (args, expected) => {
  expect(asksForTokens(args)).toBe(expected);
});

test.each([[["--auth"]], [["--auth", "basic"]], [["--auth="]]])(
  "npm start %j is refused, and the message says what --auth may be",
  (args) => {
    expect(() => asksForTokens(args)).toThrow("--auth must be jwt or none");
  },
);

test("a token is good for the environment of its own folder, with its scopes, until it expires", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kafka-relay-tokens-"));
  const nowMs = 1_800_000_000_000;
  const token = await createToken(folder, { subject: "anna", scopes: ["read", "produce"], groups: ["qa"], expiresInSeconds: 600 }, nowMs);
  const { RELAY_ACCESS, RELAY_ACCESS_GRANTS, RELAY_JWT_PUBLIC_KEY } = tokenEnvironment(folder);
  const rules = parseConfig(tokenEnvironment(folder));

  expect(await callerOf(token, rules, nowMs)).toEqual({ kind: "jwt", name: "anna", scopes: ["read", "produce"], groups: ["qa"] });
  await expect(callerOf(token, rules, nowMs + 700_000)).rejects.toThrow("expired");
  await expect(callerOf(token, rules, nowMs - 700_000)).resolves.toMatchObject({ name: "anna" });
  await expect(callerOf(token, { ...rules, RELAY_JWT_AUDIENCE: "another" }, nowMs)).rejects.toThrow("another audience");
  await expect(callerOf(token, { ...rules, RELAY_JWT_ISSUER: "https://other.example/" }, nowMs)).rejects.toThrow("another issuer");
  expect(RELAY_ACCESS).toBe("grants");
  expect(toAccessPolicy({ RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS })).toHaveLength(3);
  expect(RELAY_JWT_PUBLIC_KEY).not.toContain("\n");
  rmSync(folder, { recursive: true });
});

test("only the owner may read the key", () => {
  const folder = mkdtempSync(join(tmpdir(), "kafka-relay-tokens-"));
  tokenEnvironment(folder);

  expect(statSync(join(folder, "auth/private-key.pem")).mode & 0o077).toBe(0);
  rmSync(folder, { recursive: true });
});

test("kafka-relay token prints a token of its data folder, and refuses invalid scopes", async () => {
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
  const config = parseConfig({
    RELAY_JWT_PUBLIC_KEY: publicKeyIn(folder),
    RELAY_JWT_ISSUER: localIssuer,
    RELAY_JWT_AUDIENCE: localAudience,
    RELAY_JWT_GROUPS_CLAIM: "groups",
  });
  expect(await callerOf(good.output, config, Date.now())).toEqual({
    kind: "jwt",
    name: "anna",
    scopes: ["read", "produce"],
    groups: ["qa", "ops"],
  });
  expect([bad.code, bad.output]).toEqual([2, expect.stringContaining("--scopes must be a comma-separated list of names without spaces")]);
  rmSync(folder, { recursive: true });
});
