/** Signing in: at the identity provider, or with a token that is pasted. It covers the page, so that nothing that was typed is lost. */
import { useSignal } from "@preact/signals";
import { Dialog } from "../parts/dialog.js";
import { FormField } from "../parts/fields.js";
import { isSignInNeeded, token } from "../state/session.js";

export function SignIn() {
  const typed = useSignal("");
  const isRefused = token.value !== undefined;
  const submit = () => {
    if (typed.value.trim() === "") return;
    token.value = typed.value.trim();
    isSignInNeeded.value = false;
  };
  const foot = (
    <button type="submit" class="primary" disabled={typed.value.trim() === ""}>
      Sign in
    </button>
  );
  return (
    <Dialog title="Sign in" onClose={() => {}} onSubmit={submit} foot={foot} isFixed>
      <p>
        {isRefused
          ? "The API no longer accepts this token. Paste a new one to continue; nothing on this page is lost."
          : "This API asks for a token."}
      </p>
      <FormField label="Token" hint="It stays in the memory of this page, and is gone when the page is closed.">
        <input type="password" autocomplete="off" value={typed.value} onInput={(event) => (typed.value = event.currentTarget.value)} />
      </FormField>
    </Dialog>
  );
}
