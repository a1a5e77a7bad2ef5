/** What ends a stream from outside: the host ends, its time is over, or its caller may no longer do this. */
import { RelayError, toRelayError } from "../../errors.js";
import type { Lifetime } from "../message.js";
import type { StreamLimits } from "./stream-limits.js";

interface StreamWatch {
  readonly limits: Pick<StreamLimits, "lastsMs" | "recheckMs">;
  readonly lifetime: Lifetime;
  readonly stillAllowed: () => Promise<void>;
}

/** The longest delay that a timer of Node accepts. */
const timerMsMax = 2 ** 31 - 1;

/** An issuer whose keys cannot be read at the moment takes nothing from anybody: it is asked again the next time. */
function isRefused(thrown: unknown): boolean {
  const { code } = toRelayError(thrown);
  return code === "unauthenticated" || code === "forbidden";
}

/** Calls `end` at most once, with the reason. The watch is over when the caller has gone, or with the function that is returned. */
export function watchStream({ limits, lifetime, stillAllowed }: StreamWatch, end: (why: RelayError) => void): () => void {
  const { gone, ending } = lifetime;
  const close = (): void => {
    clearTimeout(timer);
    clearInterval(recheck);
    ending.removeEventListener("abort", onEnding);
    gone.removeEventListener("abort", close);
  };
  const finish = (why: RelayError): void => {
    close();
    end(why);
  };
  const onEnding = () => finish(new RelayError("shutting-down", "This server is shutting down. Go on at another instance, or later here."));
  const onTime = () =>
    finish(new RelayError("request-timeout", `The stream has been open for ${limits.lastsMs} ms, the longest that one may last.`));
  const timer = setTimeout(onTime, Math.min(timerMsMax, limits.lastsMs));
  const recheck = setInterval(
    () => void stillAllowed().catch((thrown: unknown) => isRefused(thrown) && finish(toRelayError(thrown))),
    limits.recheckMs,
  );
  ending.addEventListener("abort", onEnding);
  gone.addEventListener("abort", close);
  if (gone.aborted) close();
  else if (ending.aborted) onEnding();
  return close;
}
