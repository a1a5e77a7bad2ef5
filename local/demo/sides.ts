/** The three sides from which the demo's earthquakes arrive in Kafka: over HTTP, by signed webhooks, and through an outbox in SQL. */
import { Webhook } from "standardwebhooks";
import type { DemoApi } from "./api.js";
import { writeToOutbox } from "./outbox.js";
import { type Quake, toQuakeEvent } from "./quakes.js";

export interface Side {
  readonly what: string;
  readonly quakes: readonly Quake[];
  /** Whether a record may be there twice, after a kill: under the same delivery id. */
  readonly mayRepeat: boolean;
  /** Returns those that must be sent again, because there was no answer. */
  readonly send: (quakes: readonly Quake[]) => Promise<readonly Quake[]>;
}

interface SidePlaces {
  readonly api: DemoApi;
  readonly run: string;
  readonly databaseUrl: string;
  readonly webhookSecret: string;
}

const quakesPerRequest = 25;
const webhooksAtOnce = 8;

/** Every third quake comes from each side. */
export function sidesOf(quakes: readonly Quake[], places: SidePlaces): readonly Side[] {
  const third = (index: number) => quakes.filter((_, at) => at % 3 === index);
  return [
    { what: "over HTTP", quakes: third(0), mayRepeat: false, send: overHttp(places) },
    { what: "by signed webhooks", quakes: third(1), mayRepeat: true, send: byWebhook(places) },
    { what: "through the SQL outbox", quakes: third(2), mayRepeat: true, send: throughOutbox(places) },
  ];
}

/** Sends a part of each side in turn, until every part has been acknowledged. */
export function partsOf({ quakes }: Side): readonly (readonly Quake[])[] {
  return Array.from({ length: Math.ceil(quakes.length / quakesPerRequest) }, (_, part) =>
    quakes.slice(part * quakesPerRequest, (part + 1) * quakesPerRequest),
  );
}

function overHttp({ api, run }: SidePlaces): Side["send"] {
  return async (quakes) =>
    (await api.post(
      "earthquakes",
      quakes.map((quake) => toQuakeEvent(quake, run)),
    ))
      ? []
      : quakes;
}

/** A sender of webhooks repeats a call under the same id until it is answered with success. */
function byWebhook({ api, webhookSecret }: SidePlaces): Side["send"] {
  const webhook = new Webhook(webhookSecret);
  const sendOne = async (quake: Quake): Promise<boolean> => {
    const body = JSON.stringify(quake);
    const [id, time] = [quake.id, new Date()];
    return api.sendWebhook("quakes-from-webhook", body, {
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(time.getTime() / 1_000)),
      "webhook-signature": webhook.sign(id, time, body),
    });
  };
  return async (quakes) => {
    const open: Quake[] = [];
    for (let from = 0; from < quakes.length; from += webhooksAtOnce) {
      const some = quakes.slice(from, from + webhooksAtOnce);
      const answers = await Promise.all(some.map(sendOne));
      open.push(...some.filter((_, index) => answers[index] !== true));
    }
    return open;
  };
}

function throughOutbox({ databaseUrl }: SidePlaces): Side["send"] {
  return async (quakes) => ((await writeToOutbox(databaseUrl, quakes)) ? [] : quakes);
}
