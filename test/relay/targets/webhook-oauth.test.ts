/** A webhook that signs in by OAuth client credentials: against a real token server, and against those that answer what they should not. */
import type { ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Target } from "../../../lib/relay/delivery.js";
import { createSecrets } from "../../../lib/secrets.js";
import { type WebhookOptions, webhook } from "../../../lib/targets/webhook.js";
import { certificate, privateKey } from "../../support/broker/localhost-certificate.js";
import { delivery, soon, targetContext, verdictOf } from "../../support/relay/deliveries.js";
import { closers, listen, receiver } from "../../support/targets/http-receivers.js";
import { reply, startTokenServer, type TokenServer } from "../../support/targets/token-server.js";

const clientId = "relay";
const clientSecret = "correct-horse";
let tokenServer: TokenServer;

beforeEach(async () => {
  tokenServer = await startTokenServer({ clientId, clientSecret });
});
afterEach(async () => {
  vi.useRealTimers();
  await tokenServer.stop();
});

async function open(url: string, options: Partial<WebhookOptions> = {}, context = targetContext()): Promise<Target> {
  const auth = { oauth: { tokenUrl: tokenServer.tokenUrl, clientId, clientSecret } };
  const target = await webhook({ url, auth, ...options }).open(context);
  closers.push(() => target.close());
  return target;
}

test("a token is fetched once and sent with every request", async () => {
  const { url, seen } = await receiver();
  const target = await open(url, {
    auth: {
      oauth: {
        tokenUrl: tokenServer.tokenUrl,
        clientId,
        clientSecret,
        scope: "hooks.write hooks.read",
        parameters: { audience: "https://api.example.com" },
        clientAuthentication: "body",
      },
    },
  });

  for (let index = 0; index < 3; index++) expect(verdictOf((await target.deliver([delivery()], soon()))[0])).toBe("delivered");

  const [authorization, ...others] = seen.map(({ headers }) => headers.authorization);
  expect(authorization).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
  expect(others).toEqual([authorization, authorization]);
  expect(tokenServer.requests).toEqual([
    {
      clientId,
      by: "body",
      form: {
        grant_type: "client_credentials",
        scope: "hooks.write hooks.read",
        audience: "https://api.example.com",
        client_id: clientId,
        client_secret: clientSecret,
      },
    },
  ]);
});

test("a token that the receiver refuses is replaced for the next attempt, and the secret is read again", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  let revoked: string | undefined;
  const { url, seen } = await receiver(
    (response, { headers }) => void response.writeHead(headers.authorization === revoked ? 401 : 200).end(),
  );
  let secret = clientSecret;
  const reading = vi.fn(async (reference: string, options?: { readonly refresh?: boolean }) =>
    reference === "env:SECRET" ? (options?.refresh === true ? secret : clientSecret) : reference,
  );
  const auth = { oauth: { tokenUrl: tokenServer.tokenUrl, clientId, clientSecret: "env:SECRET" } };
  const target = await open(url, { auth }, targetContext({ secret: reading }));
  expect(verdictOf((await target.deliver([delivery()], soon()))[0])).toBe("delivered");

  revoked = seen[0]?.headers.authorization;
  secret = tokenServer.settings.clientSecret = "new-secret";
  vi.setSystemTime(Date.now() + 6_000);

  expect(verdictOf((await target.deliver([delivery()], soon()))[0])).toBe("target: target-refused");
  expect(verdictOf((await target.deliver([delivery()], soon()))[0])).toBe("delivered");
  expect(tokenServer.requests).toHaveLength(2);
});

test("what the token server says decides: a refused client is the target's refusal, anything else its failure, and no secret is shown", async () => {
  const { url, seen } = await receiver();
  const answers: [string, string, (response: ServerResponse) => unknown][] = [
    [
      "refused the client",
      "target-refused",
      (response) => reply(response, 401, { error: "invalid_client", error_description: `not ${clientSecret}` }),
    ],
    ["400, invalid_scope", "target-refused", (response) => reply(response, 400, { error: "invalid_scope" })],
    ["302", "target-refused", (response) => reply(response, 302, {}, { location: "http://127.0.0.1:1/" })],
    ["answered 503", "target-failed", (response) => reply(response, 503, {})],
    ["answered 429", "target-failed", (response) => reply(response, 429, {}, { "retry-after": "7" })],
    ["without a usable access_token", "target-failed", (response) => response.end("<html>")],
    ["without a usable access_token", "target-failed", (response) => reply(response, 200, { access_token: "a\r\nb: c" })],
    ["without a usable access_token", "target-failed", (response) => reply(response, 200, ["token"])],
    ['of type "mac"', "target-failed", (response) => reply(response, 200, { access_token: "a", token_type: "mac" })],
    ["more than 65536 bytes", "target-failed", (response) => reply(response, 200, { access_token: "a".repeat(70_000) })],
    ["cannot be asked", "target-failed", (response) => response.destroy()],
  ];
  for (const [words, code, answer] of answers) {
    tokenServer.answer = (response) => {
      answer(response);
      return true;
    };
    const [outcome] = await (await open(url)).deliver([delivery()], soon());
    const error = outcome?.verdict === "failed" ? outcome.error : undefined;
    expect([error?.code, error?.message]).toEqual([code, expect.stringContaining(words)]);
    expect(error?.message).not.toContain(clientSecret);
    if (words === "answered 429") expect(error?.details.retryAfterMs).toBe(7_000);
  }
  expect(seen).toEqual([]);
});

test("a token server that does not answer holds a delivery no longer than its own timeout", async () => {
  const { url, seen } = await receiver();
  tokenServer.answer = () => true;
  const startMs = performance.now();

  const [outcome] = await (await open(url, { timeoutMs: 300 })).deliver([delivery()], soon());

  expect(verdictOf(outcome)).toBe("target: target-timeout");
  expect(performance.now() - startMs).toBeLessThan(4_000); // and not the five seconds that a token may take
  expect(seen).toEqual([]);
});

test("a token server on a private address is refused unless the route allows it, and one over TLS has to prove its name", async () => {
  const { url } = await receiver();
  const hidden = await open("http://93.184.216.34/", { allowPrivate: false });
  expect((await hidden.deliver([delivery()], soon()))[0]).toMatchObject({
    error: { message: expect.stringContaining("127.0.0.1 is not on the public internet") },
  });
  expect(tokenServer.requests).toEqual([]);

  const secured = createHttpsServer({ key: privateKey, cert: certificate }, (_, response) =>
    reply(response, 200, { access_token: "a.b.c" }),
  );
  const { port } = new URL(await listen(secured));
  const oauth = { tokenUrl: `https://localhost:${port}/`, clientId, clientSecret };
  expect(verdictOf((await (await open(url, { auth: { oauth } })).deliver([delivery()], soon()))[0])).toBe("target: target-failed");
  expect(verdictOf((await (await open(url, { auth: { oauth }, ca: certificate })).deliver([delivery()], soon()))[0])).toBe("delivered");
});

test.each([
  [{ auth: { oauth: { tokenUrl: "login.example", clientId, clientSecret } } }, "auth.oauth.tokenUrl: The address of a token server"],
  [{ auth: { oauth: { tokenUrl: "https://login.example", clientId } } }, "auth.oauth.clientSecret: is missing"],
  [{ auth: { oauth: { tokenUrl: "https://login.example", clientId, clientSecret, scopes: "a" } } }, 'Did you mean "scope"?'],
  [{ auth: { oauth: { tokenUrl: "https://login.example", clientId, clientSecret, scope: "a  b" } } }, "auth.oauth.scope: must be scopes"],
  [
    { auth: { oauth: { tokenUrl: "https://login.example", clientId, clientSecret, parameters: { scope: "a" } } } },
    "scope is set by the token request itself",
  ],
  [
    { auth: { oauth: { tokenUrl: "https://login.example", clientId, clientSecret } }, headers: { Authorization: "x" } },
    "headers.authorization: is already set by `auth`",
  ],
  [
    { url: "https://a:b@a.example", auth: { oauth: { tokenUrl: "https://login.example", clientId, clientSecret } } },
    "url: contains a user",
  ],
])("an invalid option is reported when the route is defined: %#", (options, message) => {
  expect(() => webhook({ url: "https://a.example", ...options } as never)).toThrow(message);
});

test("routes explain shows whom it asks, and no secret", () => {
  const auth = { oauth: { tokenUrl: "https://login.example/token", clientId, clientSecret } };

  const shown = JSON.stringify(webhook({ url: "https://a.example", auth }).options);

  expect(shown).toContain("https://login.example/token");
  expect(shown).not.toContain(clientSecret);
});

test("a deployed variable may name the secret's ARN", async () => {
  const { url } = await receiver();
  const arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:hooks";
  const secret = createSecrets({
    environment: () => `${arn}#secret`,
    secretsManager: async () => JSON.stringify({ secret: clientSecret }),
  });
  const auth = { oauth: { tokenUrl: tokenServer.tokenUrl, clientId, clientSecret: "env:HOOK_CLIENT_SECRET" } };

  expect(verdictOf((await (await open(url, { auth }, targetContext({ secret }))).deliver([delivery()], soon()))[0])).toBe("delivered");
});
