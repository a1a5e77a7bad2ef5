/** Signing in: at the identity provider, or with a token that is pasted. It covers the page, so that nothing that was typed is lost. */
import { useSignal } from "@preact/signals";
import { Dialog } from "../parts/dialog.js";
import { FormField } from "../parts/fields.js";
import { isSignInNeeded, token } from "../state/session.js";
import { settings } from "../state/settings.js";

export function SignIn() {
  const typed = useSignal("");
  const failure = useSignal("");
  const isWaiting = useSignal(false);
  const isRefused = token.value !== undefined;
  const submit = () => {
    if (typed.value.trim() === "") return;
    token.value = typed.value.trim();
    isSignInNeeded.value = false;
  };
  const atProvider = async () => {
    failure.value = "";
    isWaiting.value = true;
    try {
      const { signInAtProvider } = await import("../state/oidc.js");
      await signInAtProvider();
    } catch (thrown) {
      failure.value = thrown instanceof Error ? thrown.message : String(thrown);
    } finally {
      isWaiting.value = false;
    }
  };
  const foot = (
    <button type="submit" class={settings.signIn === undefined ? "primary" : ""} disabled={typed.value.trim() === ""}>
      Use this token
    </button>
  );
  return (
    <Dialog title="Sign in" onClose={() => {}} onSubmit={submit} foot={foot} isFixed>
      <p>
        {isRefused ? "The API no longer accepts this token. Sign in again; nothing on this page is lost." : "This API asks who you are."}
      </p>
      {settings.signIn !== undefined && (
        <button type="button" class="primary" disabled={isWaiting.value} onClick={() => void atProvider()}>
          {isWaiting.value ? "Waiting for the other window …" : `Sign in at ${new URL(settings.signIn.issuer).host}`}
        </button>
      )}
      {failure.value !== "" && <p role="alert">{failure.value}</p>}
      <FormField
        label={settings.signIn === undefined ? "Token" : "Or paste a token"}
        hint="It stays in the memory of this page, and is gone when the page is closed."
      >
        <input type="password" autocomplete="off" value={typed.value} onInput={(event) => (typed.value = event.currentTarget.value)} />
      </FormField>
    </Dialog>
  );
}
