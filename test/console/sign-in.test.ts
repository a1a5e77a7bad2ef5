/** Signing in at an OpenID Connect provider: authorization code with PKCE, in a window of its own. */
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { RelayError } from "../../lib/errors.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { hasBrowser, useConsole } from "../support/console/console-page.js";

const clientId = "console";

/** A provider that lets everybody in with one click, and gives a token only for the verifier of the challenge. */
async function startProvider() {
  const codes = new Map<string, { readonly challenge: string; readonly redirectUri: string }>();
  const tokens = new Set<string>();
  const refreshTokens = new Set<string>();
  /** Each token ends the one before, and each refresh token works once. */
  const grant = () => {
    const number = ++grants;
    tokens.clear();
    tokens.add(`token-${number}`);
    if (lifeSeconds >= 60) return { access_token: `token-${number}`, token_type: "Bearer", expires_in: lifeSeconds };
    refreshTokens.add(`refresh-${number}`);
    return { access_token: `token-${number}`, token_type: "Bearer", expires_in: lifeSeconds, refresh_token: `refresh-${number}` };
  };
  let grants = 0;
  let lifeSeconds = 3_600;
  const server: Server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", issuer());
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json", "access-control-allow-origin": "*" }).end(JSON.stringify(body));
    if (url.pathname === "/.well-known/openid-configuration") {
      return json(200, {
        issuer: issuer(),
        authorization_endpoint: `${issuer()}/authorize`,
        token_endpoint: `${issuer()}/token`,
        response_types_supported: ["code"],
        code_challenge_methods_supported: ["S256"],
      });
    }
    if (url.pathname === "/authorize") {
      const code = `code-${codes.size}`;
      const redirectUri = url.searchParams.get("redirect_uri") ?? "";
      codes.set(code, { challenge: url.searchParams.get("code_challenge") ?? "", redirectUri });
      const back = new URL(redirectUri);
      back.search = String(new URLSearchParams({ code, state: url.searchParams.get("state") ?? "" }));
      return response.writeHead(200, { "content-type": "text/html" }).end(`<a href="${back.href.replaceAll("&", "&amp;")}">Let me in</a>`);
    }
    if (url.pathname !== "/token") return json(404, {});
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    if (form.get("grant_type") === "refresh_token") {
      const isKnown = refreshTokens.delete(form.get("refresh_token") ?? "") && form.get("client_id") === clientId;
      return isKnown ? json(200, grant()) : json(400, { error: "invalid_grant" });
    }
    const given = codes.get(form.get("code") ?? "");
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    if (given?.challenge !== challenge || given.redirectUri !== form.get("redirect_uri") || form.get("client_id") !== clientId)
      return json(400, { error: "invalid_grant" });
    return json(200, grant());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const liveFor = (seconds: number) => (lifeSeconds = seconds);
  return { issuer, tokens, liveFor, grants: () => grants, end: () => new Promise((resolve) => server.close(resolve)) };
}

const provider = await startProvider();
afterAll(() => provider.end());

describe.runIf(hasBrowser)("the console", () => {
  const { kafka, open, expectComplaint } = useConsole({
    env: { RELAY_CONSOLE_ISSUER: provider.issuer(), RELAY_CONSOLE_CLIENT_ID: clientId },
    callerOf: ({ headers }) => {
      const token = headers.authorization?.replace("Bearer ", "") ?? "";
      if (!provider.tokens.has(token)) throw new RelayError("unauthenticated", "The token is not valid.");
      return { kind: "jwt", name: "somebody", scopes: [], groups: [] };
    },
  });

  test("signs in with the code and its verifier, and shows what was asked for", async () => {
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}`);
    const dialog = page.getByRole("dialog", { name: "Sign in" });
    await dialog.waitFor();

    const [opened] = await Promise.all([page.waitForEvent("popup"), dialog.getByRole("button", { name: /Sign in at 127/ }).click()]);
    await opened.getByText("Let me in").click();

    await page.getByText("There are no records here").waitFor();
    expect(await page.getByText("somebody").count()).toBe(1);
    expect(provider.tokens.size).toBe(1);
    expectComplaint(/401/);
  });

  test("renews its token before it ends, again and again, while somebody types", async () => {
    provider.liveFor(3);
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}`);
    const dialog = page.getByRole("dialog", { name: "Sign in" });
    const [opened] = await Promise.all([page.waitForEvent("popup"), dialog.getByRole("button", { name: /Sign in at 127/ }).click()]);
    await opened.getByText("Let me in").click();
    await page.getByRole("button", { name: "Produce" }).click();
    await page.getByLabel("Value data").fill('"typed meanwhile"');
    const before = provider.grants();

    await until(async () => provider.grants() >= before + 2);
    await page.getByRole("dialog").getByRole("button", { name: "Produce" }).click();

    await page.getByText("Written to partition 0 at offset 0.").waitFor();
    expect(await dialog.count()).toBe(0);
    expectComplaint(/401/);
  });

  test("covers a form with the sign-in when its token is no longer accepted, and sends what was typed afterwards", async () => {
    provider.liveFor(3_600);
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}`);
    const dialog = page.getByRole("dialog", { name: "Sign in" });
    const signIn = async () => {
      const [opened] = await Promise.all([page.waitForEvent("popup"), dialog.getByRole("button", { name: /Sign in at 127/ }).click()]);
      await opened.getByText("Let me in").click();
      await dialog.waitFor({ state: "detached" });
    };
    await signIn();
    await page.getByRole("button", { name: "Produce" }).click();
    const form = page.getByRole("dialog", { name: /Produce to/ });
    await form.getByLabel("Value data").fill('"typed before it ended"');

    provider.tokens.clear();
    await form.getByRole("button", { name: "Produce" }).click();
    await dialog.waitFor();
    await signIn();
    expect(await form.getByLabel("Value data").inputValue()).toBe('"typed before it ended"');
    await form.getByRole("button", { name: "Produce" }).click();

    await page.getByText("Written to partition 0 at offset 0.").waitFor();
    expectComplaint(/401/);
  });
});
