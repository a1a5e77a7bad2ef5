/** The console: a static page that shows and changes what the API offers. It starts here. */
import { render } from "preact";
import { App } from "./app.js";
import "./style/tokens.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/parts.css";
import "./style/views.css";

const root = document.getElementById("console");
if (root !== null) render(<App />, root);
