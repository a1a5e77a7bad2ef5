/**
 * Signing in at an OpenID Connect provider: authorization code with PKCE (RFC 7636), in a window of its own, so that nothing on this page is lost. Tokens stay in memory.
 */
import * as oauth from "oauth4webapi";
import { isSignInNeeded, token } from "./session.js";
import { settings } from "./settings.js";

const channelName = "kafka-relay sign-in";
const signInTimeoutMs = 300_000;
/** A token is renewed so long before it ends. */
const renewBeforeMs = 60_000;
const renewAgainMs = 5_000;
const renewalsMax = 10;
/** Longer timers fire at once. */
const timerMaxMs = 2 ** 31 - 1;
const redirectUri = `${location.origin}${location.pathname}`;

/** In the window that the provider sends back here: hands its answer to the page that opened it. Returns whether this is such a window. */
export function handBackSignIn(): boolean {
  const parameters = new URLSearchParams(location.search);
  if (!parameters.has("state") || !(parameters.has("code") || parameters.has("error"))) return false;
  new BroadcastChannel(channelName).postMessage(location.search);
  window.close();
  return true;
}

interface Provider {
  readonly server: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  readonly options: { readonly [oauth.allowInsecureRequests]: boolean };
}

async function discover(issuer: string, clientId: string): Promise<Provider> {
  const address = new URL(issuer);
  const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(address.hostname);
  const options = { [oauth.allowInsecureRequests]: isLoopback };
  const server = await oauth.processDiscoveryResponse(address, await oauth.discoveryRequest(address, options));
  return { server, client: { client_id: clientId }, options };
}

/** Must be called from a click, because it opens a window. Throws with the reason in words. */
export async function signInAtProvider(): Promise<void> {
  const { signIn } = settings;
  if (signIn === undefined) return;
  const opened = window.open("about:blank", "kafka-relay-sign-in", "width=520,height=680");
  if (opened === null) throw new Error("The browser has blocked the window of the identity provider. Allow it for this page.");
  const provider = await discover(signIn.issuer, signIn.clientId);
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const address = new URL(provider.server.authorization_endpoint ?? "");
  const parameters = {
    client_id: signIn.clientId,
    redirect_uri: redirectUri,
    response_type: "code",
    scope: signIn.scope,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
  };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  const answered = answerOf(state);
  opened.location.href = address.href;
  const answer = oauth.validateAuthResponse(provider.server, provider.client, new URLSearchParams(await answered), state);
  const response = await oauth.authorizationCodeGrantRequest(
    provider.server,
    provider.client,
    oauth.None(),
    answer,
    redirectUri,
    verifier,
    provider.options,
  );
  take(provider, await oauth.processAuthorizationCodeResponse(provider.server, provider.client, response));
}

/** The answer that the window hands back. */
function answerOf(state: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const channel = new BroadcastChannel(channelName);
    const timer = setTimeout(() => {
      channel.close();
      reject(new Error("Nobody signed in within five minutes."));
    }, signInTimeoutMs);
    channel.onmessage = ({ data }: MessageEvent<string>) => {
      if (new URLSearchParams(data).get("state") !== state) return;
      clearTimeout(timer);
      channel.close();
      resolve(data);
    };
  });
}

let renewal: ReturnType<typeof setTimeout> | undefined;

function take(provider: Provider, answer: oauth.TokenEndpointResponse): void {
  token.value = answer.access_token;
  isSignInNeeded.value = false;
  clearTimeout(renewal);
  const { refresh_token: refreshToken, expires_in: seconds } = answer;
  if (refreshToken === undefined || seconds === undefined) return;
  renewal = setTimeout(() => void renew(provider, refreshToken, 1), renewInMs(seconds));
}

/** Before the token ends: a minute, or a third of a life that is short. */
const renewInMs = (lifeSeconds: number): number =>
  Math.min(timerMaxMs, lifeSeconds * 1_000 - Math.min(renewBeforeMs, (lifeSeconds * 1_000) / 3));

/** A provider that cannot be reached is asked again. After a refusal, the next call that is refused asks to sign in again. */
async function renew(provider: Provider, refreshToken: string, attempt: number): Promise<void> {
  const { server, client, options } = provider;
  try {
    const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken, options);
    const answer = await oauth.processRefreshTokenResponse(server, client, response);
    take(provider, { refresh_token: refreshToken, ...answer });
  } catch (thrown) {
    const isRefused = thrown instanceof oauth.ResponseBodyError;
    if (!isRefused && attempt < renewalsMax) renewal = setTimeout(() => void renew(provider, refreshToken, attempt + 1), renewAgainMs);
  }
}
