/*
 * <child-alert>: missing-child alerts on any page.
 *
 *   <script async src="https://ALERTS.EXAMPLE/embed/v1.js"></script>
 *   <child-alert lang="fr" area="BE-VAN" compact></child-alert>
 *
 * Takes no room while there is no alert. An alert goes when it is withdrawn,
 * when it expires, or when the server has been silent for ten minutes. No
 * cookies, no storage. Under Content-Security-Policy: script-src, connect-src
 * and img-src of the server's origin. Each change dispatches
 * "child-alert-change" with detail {count, identifiers}.
 */
(() => {
  // A module has no currentScript, and import.meta would break a classic
  // script; the stack of an error names this file in both.
  const own = document.currentScript?.src ||
    new Error().stack?.match(/https?:\/\/[^\s()@]+\/embed\/v1\.js/)?.[0];
  if (!own || !window.customElements || customElements.get("child-alert")) return;

  const EVERY = 30e3; // between two looks, a fifth more or less so that readers spread out
  const WAIT = 10e3; // for one answer
  const SILENT = 600e3; // without a good answer: a name must not outlive a withdrawal we cannot hear
  const MOST = 10; // alerts shown: what a broken answer can do to a page

  // What the region is called, the call, the link.
  const WORDS = {
    en: ["Missing child alert", "Call", "Full alert"],
    fr: ["Alerte enfant disparu", "Appelez le", "Voir l’alerte"],
    de: ["Alarm: vermisstes Kind", "Anrufen:", "Ganze Meldung"],
    it: ["Allerta minore scomparso", "Chiamate il", "Vedi l’allerta"],
    ru: ["Пропал ребёнок", "Звоните:", "Подробнее"],
    es: ["Alerta de menor desaparecido", "Llame al", "Ver la alerta"],
  };

  const CSS = `
:host{all:initial;display:block;color-scheme:light;font:400 16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif;container-type:inline-size}
:host([hidden]){display:none!important}
*{box-sizing:border-box}
article{background:#fff;color:#0e1a2b;border:1px solid #c3ccd6;border-inline-start:6px solid #a3161f;border-radius:8px;overflow:hidden;max-inline-size:42em;overflow-wrap:anywhere}
article+article{margin-block-start:.75em}
b{display:block;background:#53217f;color:#fff;padding:.35em 1em;font-weight:700;letter-spacing:.05em}
div{display:grid;grid-template-columns:auto 1fr;padding:1em}
img{grid-row:span 2;inline-size:7em;block-size:8.75em;margin-inline-end:1em;object-fit:cover;border-radius:4px;background:#f2f5f9}
header,footer{grid-column:2;min-inline-size:0}
h2{font-size:1.25em;line-height:1.25;margin:0 0 .35em;font-weight:750;text-wrap:balance}
p{margin:0}
footer{display:flex;flex-wrap:wrap;align-items:center;align-self:end;gap:.4em 1.2em;margin-block-start:.8em}
footer:empty{display:none}
a{color:#144a94;text-underline-offset:.18em;padding-block:.3em}
a[href^=tel]{background:#a3161f;color:#fff;font-weight:700;text-decoration:none;border-radius:6px;padding:.55em .9em}
a:hover{text-decoration:underline;text-decoration-thickness:2px}
a:focus-visible{outline:3px solid #0e1a2b;outline-offset:2px;box-shadow:0 0 0 2px #ffb81c}
:host([compact]) article{font-size:.875em}
:host([compact]) div{padding:.65em .8em}
:host([compact]) footer{margin-block-start:0}
:host([compact]) img{inline-size:4em;block-size:5em}
:host([compact]) p{display:none}
:host([compact]) h2{font-size:1.1em}
:host([compact]) a[href^=tel]{padding:.35em .7em}
@container (max-width:24em){img{grid-row:auto;inline-size:4.5em;block-size:5.6em}h2{font-size:1.1em}footer{grid-column:1/-1}a[href^=tel]{flex:1 0 auto;text-align:center}}
@media (forced-colors:active){a[href^=tel]{border:1px solid}}
@media print{a[href^=tel]{color:inherit;background:none;padding:0}}`;

  // Constructed sheets pass every policy; without them the words stand plainly.
  let sheets = [];
  try {
    sheets = [new CSSStyleSheet()];
    sheets[0].replaceSync(CSS);
  } catch { sheets = []; }

  // text nodes only: a child's name is never markup.
  const make = (tag, text, set) => {
    const e = document.createElement(tag);
    if (text) e.append(text), (e.dir = "auto");
    return Object.assign(e, set);
  };

  // web is an address of the web, or nothing: never javascript: or data:.
  const web = (address) => {
    try {
      const u = new URL(address, own);
      return /^https?:$/.test(u.protocol) ? u : null;
    } catch { return null; }
  };

  const card = (a) => {
    const [, call, more] = WORDS[a.lang] || WORDS.en;
    const art = make("article", "", { lang: a.lang || "" });
    const drill = a.exercise || (a.status !== "Actual" && a.status);
    if (drill) art.append(make("b", drill));
    const row = make("div"), said = make("header"), ways = make("footer");
    const photo = a.photo && web(a.photo);
    if (photo && photo.origin === new URL(own).origin) {
      const img = make("img", "", { alt: a.photo_name || "", decoding: "async", referrerPolicy: "no-referrer" });
      img.onerror = () => img.remove();
      img.src = photo.href;
      row.append(img);
    }
    said.append(make("h2", a.headline), make("p", a.text));
    const number = String(a.phone || "").replace(/[^+\d]/g, "");
    if (number) ways.append(make("a", `${call} ${a.phone}`, { href: "tel:" + number }));
    const page = a.page && web(a.page);
    if (page) ways.append(make("a", more, { href: page.href, target: "_blank", rel: "noopener noreferrer" }));
    row.append(said, ways);
    art.append(row);
    return art;
  };

  class ChildAlert extends HTMLElement {
    static observedAttributes = ["lang", "area"];

    #alerts = [];
    #good = 0; // when the server last answered well
    #shown = "[]";
    #next; // timer of the next look
    #end; // timer of the next expiry
    #asking;
    #heard = false;
    #wake = (e) => {
      if (e?.persisted === false) return; // a page's first showing: we look already
      this.#draw(); // what ended while we slept goes first
      document.hidden ? this.#stop() : this.#look();
    };

    constructor() {
      super();
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = sheets;
    }

    connectedCallback() {
      this.#hear("addEventListener");
      this.#wake();
    }

    disconnectedCallback() {
      this.#hear("removeEventListener");
      this.#stop();
      clearTimeout(this.#end);
    }

    attributeChangedCallback(name, before, after) {
      if (before === after || !this.#heard) return;
      if (name === "area") this.#good = 0; // another area's alerts are not this one's
      this.#wake();
    }

    #hear(how) {
      this.#heard = how[0] === "a";
      document[how]("visibilitychange", this.#wake);
      window[how]("pageshow", this.#wake); // from the back-forward cache
      window[how]("online", this.#wake);
    }

    #stop() {
      clearTimeout(this.#next);
      this.#asking?.abort();
      this.#asking = null;
    }

    async #look() {
      this.#stop();
      const asking = this.#asking = new AbortController();
      const late = setTimeout(() => asking.abort(), WAIT);
      try {
        const url = new URL("v1/alerts.json", own);
        const area = this.getAttribute("area");
        const lang = (this.lang || this.closest("[lang]")?.lang || "").slice(0, 2).toLowerCase();
        if (area) url.searchParams.set("area", area);
        if (WORDS[lang]) url.searchParams.set("lang", lang);
        // no-cache: the browser asks with the ETag of what it has, and needs no preflight for it.
        const r = await fetch(url, { cache: "no-cache", credentials: "omit", referrerPolicy: "no-referrer", signal: asking.signal });
        if (!r.ok) throw 0;
        const said = await r.json();
        if (this.#asking !== asking) return;
        this.#alerts = said.alerts.slice(0, MOST);
        this.#good = Date.now();
      } catch {
        // Away or broken: what was good stays until it expires or the silence is too long.
      } finally {
        clearTimeout(late);
        if (this.#asking === asking) {
          this.#asking = null;
          if (!document.hidden) this.#next = setTimeout(() => this.#look(), EVERY * (0.8 + 0.4 * Math.random()));
          this.#draw();
        }
      }
    }

    // draw shows what is live now, and comes back when the next of it ends.
    #draw() {
      clearTimeout(this.#end);
      const now = Date.now(), silent = this.#good + SILENT;
      const live = now < silent ? this.#alerts.filter((a) => now < Date.parse(a?.expires)) : [];
      if (live.length) {
        const end = Math.min(silent, ...live.map((a) => Date.parse(a.expires)));
        this.#end = setTimeout(() => this.#draw(), end - now + 1);
      } else this.#alerts = [];
      const text = JSON.stringify(live);
      this.hidden = !live.length;
      if (text === this.#shown) return; // a redraw would take the focus away
      this.#shown = text;
      const region = make("section");
      region.setAttribute("role", "region");
      region.setAttribute("aria-label", (WORDS[live[0]?.lang] || WORDS.en)[0]);
      region.append(...live.map(card));
      this.shadowRoot.replaceChildren(...(live.length ? [region] : []));
      this.dispatchEvent(new CustomEvent("child-alert-change", {
        bubbles: true, composed: true,
        detail: { count: live.length, identifiers: live.map((a) => a.identifier) },
      }));
    }
  }

  customElements.define("child-alert", ChildAlert);
})();
