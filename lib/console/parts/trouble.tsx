/** What went wrong, in the API's words, and what happens next. */
import { useEffect, useState } from "preact/hooks";
import type { ApiError } from "../../client/api-error.js";
import type { Loaded } from "../state/loading.js";
import { Icon } from "./icons.js";

export function Trouble({
  error,
  retryAtMs,
  onRetry,
}: {
  readonly error: ApiError;
  readonly retryAtMs?: number | undefined;
  readonly onRetry?: () => void;
}) {
  return (
    <div class="trouble" role="alert">
      <Icon name="alert" />
      <div class="grow">
        <strong>{headingOf(error)}</strong>
        <div>{error.message}</div>
        {error.maybeWritten && error.status !== 0 && <div class="muted">It may have taken effect. Look before you try again.</div>}
        {retryAtMs !== undefined && <Countdown untilMs={retryAtMs} />}
      </div>
      {onRetry !== undefined && (
        <button type="button" onClick={onRetry}>
          <Icon name="reload" /> Try again
        </button>
      )}
    </div>
  );
}

function headingOf({ status, kind }: ApiError): string {
  if (kind === "bug") return "The console failed";
  if (status === 0) return "No answer";
  if (status === 403) return "Not permitted";
  if (status === 404) return "Not found";
  if (status === 429) return "Too many calls";
  return `The API refused this (${status})`;
}

function Countdown({ untilMs }: { readonly untilMs: number }) {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil((untilMs - nowMs) / 1_000));
  return <div class="muted">{seconds === 0 ? "Trying again …" : `Trying again in ${seconds} s.`}</div>;
}

/** The line of progress, and the trouble of what is being loaded. */
export function LoadingState<T>({ loaded }: { readonly loaded: Loaded<T> }) {
  const { error, retryAtMs, isLoading, data, reload } = loaded;
  return (
    <>
      {isLoading && data === undefined && error === undefined && (
        <div class="loading" role="status">
          <span class="visually-hidden">Loading</span>
        </div>
      )}
      {error !== undefined && <Trouble error={error} retryAtMs={retryAtMs} onRetry={reload} />}
    </>
  );
}
