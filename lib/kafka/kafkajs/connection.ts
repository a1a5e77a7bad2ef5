/** The Connection over brokers: finds who is asked, keeps one socket per broker, obeys throttling, ends by the deadline. Sends every request once. */
import type { Deadline } from "../../deadline.js";
import type { Brokers } from "../brokers.js";
import type { Api, Connection, Destination } from "../connection.js";
import { metadataApi } from "../protocol/metadata.js";
import type { AnswerOf } from "../protocol/wire.js";
import { anotherCluster, decode, says, throttleMsOf, toRequestFailure, unsupported } from "./answers.js";
import type { BrokerConnection } from "./broker-connection.js";
import type { Link } from "./link.js";
import { assertTimeToAsk, type ConnectionOptions, RequestRouter } from "./router.js";

export function createConnection(options: ConnectionOptions): Connection {
  const { now = Date.now, identity } = options;
  const router = new RequestRouter(options, request);

  async function request<Args, Answer>(api: Api<Args, Answer>, args: Args, to: Destination, deadline: Deadline): Promise<Answer> {
    assertTimeToAsk(deadline, api);
    const changes = identity?.changes();
    const route = await router.routeTo(to, deadline);
    if (typeof to === "object" && changes !== identity?.changes()) throw anotherCluster(route.link.address);
    const known = await router.brokers();
    const answer = await exchange(api, args, route, known, deadline);
    if (isMetadata(api, answer)) router.learn(answer, known);
    if (typeof to === "object" && "coordinatorOf" in to && says("coordinator", answer)) known.forgetCoordinator(to.coordinatorOf);
    if (to === "controller" && says("controller", answer)) known.forgetController();
    return answer;
  }

  async function exchange<Args, Answer>(
    api: Api<Args, Answer>,
    args: Args,
    { link, connection }: { readonly link: Link; readonly connection: BrokerConnection },
    known: Brokers,
    deadline: Deadline,
  ): Promise<Answer> {
    const version = connection.versionOf(api);
    if (version === undefined) throw unsupported(api, link.address);
    const encoded = api.encode(version, args);
    const body = Buffer.isBuffer(encoded) ? encoded : await encoded;
    await link.waitForThrottle(deadline);
    const leftMs = deadline.leftMs();
    assertTimeToAsk(deadline, api);
    const answerBody = await connection.exchange(api, version, body, leftMs).catch((error: unknown) => {
      known.failed(link.address, now());
      throw toRequestFailure(api, error);
    });
    const answer = await decode(api, version, answerBody, link.address);
    link.obey(throttleMsOf(answer));
    return answer;
  }

  return {
    request,
    versionOf: async (api, to, deadline) => (await router.routeTo(to, deadline)).connection.versionOf(api),
    close: async () => router.close(),
  };
}

function isMetadata(api: { readonly key: number }, _answer: unknown): _answer is AnswerOf<typeof metadataApi> {
  return api === (metadataApi as { readonly key: number });
}
