/** Loading what a view shows: once or again and again, with a growing pause after failures, and never while the page is hidden. What was loaded stays while newer data is awaited. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { ApiError } from "../../client/api-error.js";
import { isSignInNeeded, noteFailure } from "./session.js";

export interface Loaded<T> {
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
  /** When the next attempt after a failure begins; undefined: none is planned. */
  readonly retryAtMs: number | undefined;
  readonly reload: () => void;
}

type State<T> = Omit<Loaded<T>, "reload">;

const firstRetryMs = 1_000;
const retryMaxMs = 30_000;
/** What takes long, such as the lag of thousands of groups, is asked for less often: the API rests so many times as long as it worked. */
const restFactor = 4;

/** `key` names what is loaded: when it changes, the data before is dropped. `everyMs`: load again after that pause. */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>, everyMs?: number): Loaded<T> {
  const [state, setState] = useState<State<T>>(nothing);
  const latest = useRef(load);
  latest.current = load;
  const [asked, ask] = useState(0);
  const shownKey = useRef(key);
  const needsSignIn = isSignInNeeded.value;
  useEffect(() => {
    if (shownKey.current !== key) setState(nothing);
    shownKey.current = key;
    if (needsSignIn) return undefined;
    return repeat((signal) => latest.current(signal), setState, everyMs);
  }, [key, asked, needsSignIn, everyMs]);
  return { ...(shownKey.current === key ? state : nothing), reload: () => ask((count) => count + 1) };
}

const nothing = { data: undefined, error: undefined, isLoading: true, retryAtMs: undefined } as const;

type SetState<T> = (change: (state: State<T>) => State<T>) => void;

/** Returns the function that ends it. */
function repeat<T>(load: (signal: AbortSignal) => Promise<T>, setState: SetState<T>, everyMs: number | undefined): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const again = (ms: number) => {
    timer = setTimeout(() => (document.hidden ? again(firstRetryMs) : void run()), ms);
  };
  const run = async () => {
    setState((state) => ({ ...state, isLoading: true, retryAtMs: undefined }));
    try {
      const startedMs = Date.now();
      const data = await load(signal);
      if (signal.aborted) return;
      failures = 0;
      setState(() => ({ data, error: undefined, isLoading: false, retryAtMs: undefined }));
      if (everyMs !== undefined) again(Math.max(everyMs, (Date.now() - startedMs) * restFactor));
    } catch (thrown) {
      if (signal.aborted) return;
      const error = noteFailure(thrown);
      const pauseMs = error.retriable ? (error.retryAfterMs ?? Math.min(retryMaxMs, firstRetryMs * 2 ** failures++)) : undefined;
      setState(({ data }) => ({ data, error, isLoading: false, retryAtMs: pauseMs === undefined ? undefined : Date.now() + pauseMs }));
      if (pauseMs !== undefined) again(pauseMs);
    }
  };
  void run();
  return () => {
    clearTimeout(timer);
    controller.abort(new Error("The view was closed."));
  };
}
