/** `kafka-relay serve` from start to end: one process, or a primary with workers. */
import { announce } from "./announcement.js";
import { startInstance } from "./instance.js";
import { parseServeOptions, type ServeFlags } from "./options.js";
import { createOutput } from "./output.js";

export interface ServeWorld {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WritableStream & { readonly writableLength?: number };
  /** Aborted on SIGTERM or Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/** Runs until it is interrupted and everything in progress has ended. Returns how many calls had to be cut off. Throws `bad-configuration`. */
export async function serve(flags: ServeFlags, { env, stdout, interrupted }: ServeWorld): Promise<number> {
  const options = parseServeOptions(flags, env);
  const output = createOutput(options.log, stdout);
  const instance = await startInstance(options, output);
  announce(options, instance.port, output);
  await aborted(interrupted);
  output.say("Ending: new calls are refused, and calls in progress are finished.", { level: "info", message: "ending" });
  const cutOff = await instance.end();
  if (cutOff > 0) output.write({ level: "warn", message: `${cutOff} calls were cut off after ${options.drainMs} ms.` });
  output.say("Ended.", { level: "info", message: "ended" });
  output.flush();
  return cutOff;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
