/** npm as our parent: it hands on SIGINT and SIGTERM, but where it is killed, or its terminal is closed, nobody tells us. */

const lookEveryMs = 500;

/** Resolves when npm, which runs us as a script, has ended; never where we were started in another way. */
export function npmEnded(env: NodeJS.ProcessEnv): Promise<"npm has ended"> {
  const { ppid } = process;
  return new Promise((resolve) => {
    if ((env.npm_lifecycle_event ?? "") === "" || ppid <= 1) return;
    const timer = setInterval(() => {
      // An orphan is given another parent.
      if (process.ppid === ppid) return;
      clearInterval(timer);
      resolve("npm has ended");
    }, lookEveryMs);
    timer.unref();
  });
}
