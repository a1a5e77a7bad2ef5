/** The frame of the console: navigation, the view of the current place, sign-in, shortcuts and notices. */
import { useEffect } from "preact/hooks";
import { Shortcuts } from "./parts/shortcuts.js";
import { SideBar } from "./parts/side-bar.js";
import { Toasts } from "./parts/toasts.js";
import { LoadingState } from "./parts/trouble.js";
import { useLoaded } from "./state/loading.js";
import { place } from "./state/place.js";
import { beginSession, isSignInNeeded, token } from "./state/session.js";
import { SignIn } from "./views/sign-in.js";
import { viewOf } from "./views/views.js";

export function App() {
  const session = useLoaded(`session ${token.value === undefined ? "without" : "with"} a token`, async () => {
    await beginSession();
    return true;
  });
  const { path } = place.value;
  const View = viewOf(path);
  useEffect(() => {
    document.title = [...path].reverse().concat("kafka-relay").join(" · ");
  }, [path]);
  return (
    <div class="frame">
      <SideBar current={path[0] ?? "flow"} />
      <main class="main" id="main">
        {session.data === true ? (
          <View key={path[0] === "sources" ? "sources" : path.slice(0, 2).join("/")} />
        ) : (
          <div class="view">
            <LoadingState loaded={session} />
          </div>
        )}
      </main>
      {isSignInNeeded.value && <SignIn />}
      <Shortcuts />
      <Toasts />
    </div>
  );
}
