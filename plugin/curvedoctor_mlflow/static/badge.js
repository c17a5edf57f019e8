/** A badge and a drawer on MLflow's pages, in a shadow root of their own. Only the address tells what is shown. */

const ROUTES = new URL("../../../", import.meta.url);
const RUN = /\/experiments\/(\d+)\/runs\/([0-9a-f]{32})/;
const EXPERIMENT = /\/experiments\/(\d+)(?:\/|$)/;
/** Milliseconds between questions while a diagnosis is being made, and afterwards. */
const EAGER = 1500;
const CALM = 20000;
const WORDS = { sick: "Sick", healthy: "Healthy", undetermined: "Undetermined" };
const STYLE = `
:host { all: initial; }
button { font: 500 13px/1 system-ui, sans-serif; cursor: pointer; }
.badge { position: fixed; left: 50%; bottom: 14px; transform: translateX(-50%); z-index: 2147483000; display: flex; gap: 8px; align-items: center;
  max-width: min(60vw, 560px); padding: 9px 13px; border-radius: 999px; border: 1px solid #c9ccd1; background: #fff; color: #1f2328;
  box-shadow: 0 2px 10px rgb(0 0 0 / 18%); }
.badge[hidden] { display: none; }
.badge:hover { border-color: #6e7781; }
.badge:focus-visible, .close:focus-visible { outline: 2px solid #0969da; outline-offset: 2px; }
.badge span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; line-height: 1.3; }
.dot { flex: none; width: 10px; height: 10px; border-radius: 50%; background: #8c959f; }
.dot[data-verdict="sick"] { background: #cf222e; border-radius: 2px; transform: rotate(45deg); }
.dot[data-verdict="healthy"] { background: #1a7f37; }
.drawer { position: fixed; inset: 0 0 0 auto; width: min(1080px, 92vw); z-index: 2147483001; display: flex; flex-direction: column;
  background: #fff; border-left: 1px solid #c9ccd1; box-shadow: -6px 0 30px rgb(0 0 0 / 25%); }
.drawer[hidden] { display: none; }
.drawer header { display: flex; justify-content: space-between; align-items: center; padding: 8px 12px; border-bottom: 1px solid #d8dbdf;
  font: 600 14px/1.2 system-ui, sans-serif; color: #1f2328; }
.close { border: 1px solid #c9ccd1; border-radius: 6px; background: transparent; color: inherit; padding: 6px 10px; }
iframe { flex: 1; border: 0; width: 100%; }
.dark .badge, .dark .drawer { background: #1f272d; color: #e8ecf0; border-color: #46525b; }
.dark .drawer header { color: #e8ecf0; border-color: #46525b; }
@media (max-width: 700px) { .drawer { width: 100vw; } }
@media print { .badge, .drawer { display: none; } }
`;

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

class Badge {
  constructor() {
    this.host = h("curvedoctor-badge", {});
    const root = this.host.attachShadow({ mode: "open" });
    this.dot = h("i", { class: "dot", "aria-hidden": "true" });
    this.text = h("span", {}, "");
    this.badge = h("button", { class: "badge", type: "button", "aria-haspopup": "dialog" }, this.dot, this.text);
    this.title = h("span", {}, "Diagnosis");
    this.close = h("button", { class: "close", type: "button" }, "Close");
    this.frame = /** @type {HTMLIFrameElement} */ (h("iframe", { title: "Diagnosis" }));
    this.drawer = h("section", { class: "drawer", role: "dialog", "aria-label": "Diagnosis", hidden: "" }, h("header", {}, this.title, this.close), this.frame);
    this.layer = h("div", {}, this.badge, this.drawer);
    root.append(h("style", {}, STYLE), this.layer);
    document.body.append(this.host);
    this.place = "";
    this.workspace = "";
    this.timer = 0;
    this.badge.addEventListener("click", () => this.open());
    this.close.addEventListener("click", () => this.shut());
    addEventListener("keydown", (event) => event.key === "Escape" && !this.drawer.hidden && this.shut());
    addEventListener("hashchange", () => this.follow());
    addEventListener("popstate", () => this.follow());
    // MLflow's router may change the address without an event
    setInterval(() => this.follow(), 700);
    const theme = () => this.layer.classList.toggle("dark", document.body.classList.contains("dark-mode"));
    new MutationObserver(theme).observe(document.body, { attributes: true, attributeFilter: ["class"] });
    theme();
    this.follow();
  }

  /** What the address shows: a run, an experiment, or nothing of ours. */
  follow() {
    const [path, query] = location.hash.slice(1).split("?");
    const run = RUN.exec(path);
    const experiment = EXPERIMENT.exec(path);
    this.workspace = new URLSearchParams(query).get("workspace") ?? "";
    const inside = this.workspace && `&workspace=${encodeURIComponent(this.workspace)}`;
    const place = run ? `run_id=${run[2]}${inside}` : experiment ? `experiment_id=${experiment[1]}${inside}` : "";
    if (place === this.place) return;
    this.place = place;
    this.shut(false);
    this.layer.hidden = !place;
    clearTimeout(this.timer);
    if (run) this.ask();
    else if (experiment) this.say("", "Diagnoses of this experiment");
  }

  async ask() {
    const place = this.place;
    let wait = CALM;
    if (!document.hidden) {
      this.text.textContent ||= "Diagnosis…";
      try {
        const response = await fetch(new URL(`brief?${place}`, ROUTES), { headers: this.workspace ? { "X-MLFLOW-WORKSPACE": this.workspace } : {} });
        // not for this user, or gone: nothing of ours belongs on this page
        if (place === this.place) this.layer.hidden = response.status === 403 || response.status === 404;
        // MLflow's own refusals are plain text
        const said = await response.text();
        if (place !== this.place) return;
        if (!response.ok) throw new Error(said.startsWith("{") ? JSON.parse(said).error : said || `${response.status}`);
        const told = JSON.parse(said);
        if (told.phase === "reading") wait = EAGER;
        if (told.verdict) this.say(told.verdict, `${WORDS[/** @type {keyof typeof WORDS} */ (told.verdict)]}: ${told.headline}`);
        else this.say("", told.trouble || (wait === EAGER ? "Diagnosing…" : "No diagnosis: nothing was logged"));
      } catch (error) {
        if (place !== this.place) return;
        this.say("", `No diagnosis: ${error instanceof Error ? error.message : error}`);
      }
    }
    this.timer = setTimeout(() => this.ask(), wait);
  }

  /**
   * @param {string} verdict
   * @param {string} text
   */
  say(verdict, text) {
    this.dot.dataset.verdict = verdict;
    this.text.textContent = text;
    this.badge.title = text;
  }

  open() {
    const address = new URL(`page?${this.place}`, ROUTES).href;
    if (this.frame.src !== address) this.frame.src = address;
    this.title.textContent = this.place.startsWith("run_id") ? "Diagnosis" : "Diagnoses of this experiment";
    this.drawer.hidden = false;
    this.badge.hidden = true;
    this.close.focus();
  }

  /** @param {boolean} [refocus] not where the page itself went on */
  shut(refocus = true) {
    if (this.drawer.hidden) return;
    this.drawer.hidden = true;
    this.badge.hidden = false;
    if (refocus) this.badge.focus();
  }
}

try {
  new Badge();
} catch (error) {
  // MLflow's page goes on without us
  console.debug("curvedoctor:", error);
}
