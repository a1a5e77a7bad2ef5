/** npm as the parent process: it forwards SIGINT and SIGTERM, but if npm is killed or its terminal is closed, no signal arrives. */

const lookEveryMs = 500;

/** Resolves when npm, which runs this script, has ended. Never resolves if the script was started in another way. */
export function npmEnded(env: NodeJS.ProcessEnv): Promise<"npm has ended"> {
  const { ppid } = process;
  return new Promise((resolve) => {
    if ((env.npm_lifecycle_event ?? "") === "" || ppid <= 1) return;
    const timer = setInterval(() => {
      // An orphan gets another parent.
      if (process.ppid === ppid) return;
      clearInterval(timer);
      resolve("npm has ended");
    }, lookEveryMs);
    timer.unref();
  });
}
