/** The console: a static page that shows and changes what the API offers. It starts here. */
import { render } from "preact";
import { App } from "./app.js";
import "./style/tokens.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/parts.css";
import "./style/views.css";

const root = document.getElementById("console");
/** The identity provider's window comes back here, too: it hands its answer to the page that opened it. */
const isSignInWindow = location.search.includes("state=") && (await import("./state/oidc.js")).handBackSignIn();
if (root !== null && !isSignInWindow) render(<App />, root);
