// Puts a scene onto the screen: regions change only where something changed, text is
// made to fit, focus goes on where it was lost. Leaves to others: what a step shows
// (steps.js), the line, the camera's picture.

import { Countdown } from "./countdown.js";
import { byId, el, place } from "./dom.js";
import { button, drawing, icon } from "./drawings.js";
import { drawGuide } from "./guide.js";
import { asksConsent, consentText, layoutOf, plan } from "./steps.js";
import { sentence } from "./words.js";

const FITS = 6; // sizes of text, from the largest (style.css)
const URGENT = new Set([
  "key_wrong",
  "key_not_understood",
  "card_trouble",
  "no_reader",
  "out_of_service",
  "answer_missing",
  "dispute_not_kept",
  "line_down",
]);
const NEW_MS = 500; // a double tap is over by then
const MUST_FIT = ".top, .words, .stage, .show, .choices, .bottom, main button";
const TIMED = new Set(["consent", "card", "answer"]); // elsewhere the bar alone
const root = document.documentElement;

function overflows() {
  const { clientWidth, clientHeight, scrollWidth, scrollHeight } = root;
  if (scrollWidth > clientWidth || scrollHeight > clientHeight) return true;
  return [...document.querySelectorAll(MUST_FIT)].some(
    (box) =>
      box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1,
  );
}

export class Board {
  #marked = new Set();
  #answered = "";
  #fitted = "";
  #new = 0;
  #last = null; // [scene, words], for what is painted again
  #countdown = new Countdown(byId("time"), (left) => this.#tellTime(left));
  #tick = { words: null, cleared: false, timed: false };

  /** `send(word)` takes what a tap says. */
  constructor(send) {
    this.send = send;
    byId("mark").append(icon("mark"), el("span", { id: "title" }));
    byId("main").addEventListener("marked", () => this.#again());
    addEventListener("resize", () => this.#fit(true));
  }

  /** Show a scene in these words; returns the sentence. */
  paint(scene, words) {
    this.#last = [scene, words];
    const said = this.#draw(scene, words);
    this.#time(scene, words);
    return said;
  }

  #draw(scene, words) {
    const before = document.activeElement;
    this.#forgetMarks(scene);
    const said = sentence(scene, words);
    this.#speak(words, layoutOf(scene), said, URGENT.has(scene.say));
    const parts = plan(scene, words, this.send, () => this.#read(words), this.#marked);
    this.#place(parts, scene);
    this.#bottom(scene, words);
    if (scene.step !== "idle") byId("whole").close();
    this.#settle(before);
    return said;
  }

  /** Say something that is no scene: the line is down, or another window has it. */
  notice(name, words, act = null) {
    this.#last = null;
    const before = document.activeElement;
    this.#speak(words, "notice", words.get("page", name), true);
    const drawn = name === "elsewhere" ? "elsewhere" : "waiting";
    const label = words.get("page", "take_over");
    const taken = act ? () => button("take_over", label, act, "main") : () => [];
    this.#place(
      {
        show: [`drawing ${drawn}`, () => drawing(drawn)],
        beside: ["", () => []],
        choices: [`${name} ${words.code}`, taken],
      },
      null,
    );
    this.#way(words, words.get("offer", "attendant"), null);
    for (const id of ["more", "health"]) place(byId(id), "", () => []);
    this.#countdown.set("", null);
    byId("whole").close();
    this.#settle(before);
  }

  /** Of the same scene: what is left of its time runs on. */
  #again() {
    if (this.#last) this.#draw(...this.#last);
  }

  #speak(words, step, said, urgent) {
    root.lang = words.code;
    root.dir = words.direction;
    if (root.dataset.step !== step) this.#isNew();
    root.dataset.step = step;
    document.title = words.get("page", "title");
    byId("title").textContent = words.get("page", "title");
    byId("choices").setAttribute("aria-label", words.get("page", "choices"));
    byId("canvas").setAttribute("aria-label", words.get("page", "picture"));
    byId("said").setAttribute("aria-live", urgent ? "assertive" : "polite");
    const line = byId("sentence");
    if (line.textContent !== said) line.textContent = said;
  }

  /** The second tap of two must not agree to what the first one has brought. */
  #isNew() {
    root.dataset.new = "";
    clearTimeout(this.#new);
    this.#new = setTimeout(() => delete root.dataset.new, NEW_MS);
  }

  #place(parts, scene) {
    for (const region of ["show", "over", "beside", "choices"]) {
      if (parts[region]) place(byId(region), ...parts[region]);
    }
    const name = parts.drawing;
    place(byId("drawing"), name ?? "", () => (name ? drawing(name) : []));
    byId("picture").hidden = !parts.picture;
    root.dataset.picture = parts.picture ? "on" : "off";
    if (parts.picture) drawGuide(byId("guide"), scene);
  }

  #bottom(scene, words) {
    const offered = scene.offers.includes("attendant");
    const came = words.get("page", scene.bell ? "called" : "counter");
    const label = words.get("offer", "attendant");
    const call = offered ? () => this.send({ do: "attendant" }) : null;
    this.#way(words, scene.called && !offered ? came : label, call);
    const more = scene.offers.includes("more_time");
    const stop = scene.offers.includes("decline") && !asksConsent(scene);
    const foot = (name, label) => button(name, label, () => this.send({ do: name }), "soft");
    place(byId("more"), `${words.code} ${more} ${stop}`, () => [
      stop ? foot("decline", words.get("page", "stop")) : null,
      more ? foot("more_time", words.get("offer", "more_time")) : null,
    ]);
    const health = scene.called && offered ? came : words.get("health", scene.health);
    const sign = health && icon(scene.health === "offline" ? "offline" : "attendant");
    place(byId("health"), health, () => (health ? [sign, el("span", {}, health)] : []));
  }

  /** The other way: a button, or words where there is nobody to hear a tap. */
  #way(words, label, call) {
    place(byId("way"), `${words.code} ${label} ${Boolean(call)}`, () =>
      call
        ? button("attendant", label, call, "way-button")
        : el("p", { class: "way-text" }, icon("attendant"), el("span", {}, label)),
    );
  }

  #time(scene, words) {
    const cleared = scene.step === "answer";
    this.#tick = { words, cleared, timed: TIMED.has(scene.step) };
    const key = `${scene.visit} ${scene.step} ${scene.act ?? ""} ${scene.say}`;
    this.#countdown.set(key, scene.left_s, cleared);
  }

  #tellTime(left) {
    const { words, cleared } = this.#tick;
    let line = byId("left");
    if (left === null || !words || !this.#tick.timed) {
      line?.remove();
      return;
    }
    if (!line) {
      line = el("p", { id: "left", class: "left" });
      byId("beside").after(line);
      this.#fit(false);
    }
    line.textContent = words.get("page", cleared ? "cleared_in" : "time_left", { n: left });
  }

  #read(words) {
    const whole = byId("whole");
    const close = button("close", words.get("page", "close"), () => whole.close(), "main");
    whole.replaceChildren(consentText(words), close);
    whole.setAttribute("aria-labelledby", "consent-title");
    whole.showModal();
  }

  #forgetMarks(scene) {
    const about = scene.step === "answer" ? `${scene.visit} ${scene.say}` : "";
    if (about !== this.#answered) this.#marked = new Set();
    this.#answered = about;
  }

  #settle(before) {
    this.#fit(false);
    const lost = before && before !== document.body && !before.isConnected;
    if (lost) byId("sentence").focus({ preventScroll: true });
  }

  // Within one step text only becomes smaller: it must not pump from act to act.
  #fit(anew) {
    const about = `${root.lang} ${root.dataset.step} ${root.dataset.picture}`;
    if (anew || about !== this.#fitted) root.dataset.fit = "0";
    this.#fitted = about;
    for (let fit = Number(root.dataset.fit); fit < FITS; fit += 1) {
      root.dataset.fit = String(fit);
      if (!overflows()) return;
    }
  }
}
