/** An OAuth token server on loopback: client credentials by header or form, tokens signed by RS256, its keys published for brokers; and the ways such servers fail. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface TokenRequest {
  readonly clientId: string;
  readonly by: "basic" | "body";
  readonly form: Readonly<Record<string, string>>;
}

interface TokenServerOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** What `expires_in` says; 3,600 where absent. */
  readonly lifetimeSeconds?: number;
}

export interface TokenServer {
  readonly tokenUrl: string;
  /** JSON Web Key Set, as a broker fetches it. */
  readonly jwksUrl: string;
  readonly issuer: string;
  /** Every request for a token, in order. */
  readonly requests: TokenRequest[];
  readonly settings: { clientSecret: string; lifetimeSeconds: number };
  /** Answers in its place; undefined: as usual. */
  answer: ((response: ServerResponse, request: TokenRequest) => boolean) | undefined;
  /** A token without a request. Signed by a key that nobody published, where asked. */
  readonly issue: (options?: { readonly audience?: string; readonly isForged?: boolean }) => string;
  readonly stop: () => Promise<void>;
  /** Again at the same address. */
  readonly start: () => Promise<void>;
}

export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const keys = createKeys();
  const settings = { clientSecret: options.clientSecret, lifetimeSeconds: options.lifetimeSeconds ?? 3_600 };
  let port = 0;
  let server: Server | undefined;
  const here = () => `http://127.0.0.1:${port}`;

  const issue: TokenServer["issue"] = ({ audience = "kafka", isForged = false } = {}) => {
    const now = Math.floor(Date.now() / 1_000);
    const claims = {
      iss: here(),
      sub: options.clientId,
      aud: audience,
      iat: now - 1,
      exp: now + settings.lifetimeSeconds,
      scope: "produce",
      jti: String(Math.random()),
    };
    return keys.sign(claims, isForged);
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (incoming.url === "/jwks") {
      return reply(response, 200, { keys: [keys.published] });
    }
    const { clientSecret, ...request } = await readRequest(incoming);
    const { clientId, form } = request;
    tokenServer.requests.push(request);
    if (tokenServer.answer?.(response, request) === true) return;
    if (incoming.method !== "POST" || form.grant_type !== "client_credentials")
      return reply(response, 400, { error: "unsupported_grant_type" });
    if (clientId !== options.clientId || clientSecret !== settings.clientSecret) {
      return reply(response, 401, { error: "invalid_client", error_description: `no client has the secret ${clientSecret}` });
    }
    const audience = form.audience === undefined ? {} : { audience: form.audience };
    reply(response, 200, { access_token: issue(audience), token_type: "bearer", expires_in: settings.lifetimeSeconds });
  };

  const start = async (): Promise<void> => {
    server = createServer((incoming, response) => void handle(incoming, response));
    await new Promise<void>((resolve) => server?.listen(port, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  };
  await start();
  const tokenServer: TokenServer = {
    tokenUrl: `${here()}/oauth/token`,
    jwksUrl: `${here()}/jwks`,
    issuer: here(),
    requests: [],
    settings,
    answer: undefined,
    issue,
    start,
    stop: async () => {
      server?.closeAllConnections();
      await new Promise((resolve) => server?.close(resolve));
    },
  };
  return tokenServer;
}

/** The key that is published, and another one that is not. */
function createKeys() {
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const kid = createHash("sha256")
    .update(pair.publicKey.export({ type: "spki", format: "der" }))
    .digest("hex")
    .slice(0, 8);
  return {
    published: { ...pair.publicKey.export({ format: "jwk" }), kid, alg: "RS256", use: "sig" },
    sign: (claims: object, isForged: boolean) => toJwt({ alg: "RS256", kid, typ: "JWT" }, claims, isForged ? stranger : pair.privateKey),
  };
}

async function readRequest(incoming: IncomingMessage): Promise<TokenRequest & { readonly clientSecret: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
  return { ...clientOf(incoming, form), form };
}

function clientOf({ headers }: IncomingMessage, form: Readonly<Record<string, string>>) {
  const [, encoded] = /^Basic (.+)$/.exec(headers.authorization ?? "") ?? [];
  if (encoded === undefined) return { clientId: form.client_id ?? "", clientSecret: form.client_secret ?? "", by: "body" as const };
  const [clientId = "", clientSecret = ""] = Buffer.from(encoded, "base64")
    .toString()
    .split(":")
    .map((text) => decodeURIComponent(text.replaceAll("+", " ")));
  return { clientId, clientSecret, by: "basic" as const };
}

export function reply(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

function toJwt(header: object, claims: object, key: KeyObject): string {
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
}
