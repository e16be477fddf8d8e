// The sentences of one language, with its rules for numbers, plurals, dates and amounts
// (ECMA-402). Leaves to others: which sentence.

/** One catalogue, as the daemon gives it. */
export class Words {
  constructor(code, texts) {
    this.code = code;
    this.texts = texts;
    this.direction = texts.about?.direction === "rtl" ? "rtl" : "ltr";
    this.name = texts.about?.name ?? code;
    this.plurals = new Intl.PluralRules(code);
    this.numbers = new Intl.NumberFormat(code);
    this.days = new Intl.DateTimeFormat(code, { dateStyle: "long", timeZone: "UTC" });
  }

  /** Whether the group has a text of this name. */
  has(group, name) {
    return Object.hasOwn(this.texts[group] ?? {}, name);
  }

  /** A text, filled in; `n` chooses the plural form. A missing one gives "". */
  get(group, name, values = {}) {
    let text = this.has(group, name) ? this.texts[group][name] : "";
    if (text !== null && typeof text === "object" && !Array.isArray(text)) {
      text = text[this.plurals.select(values.n ?? 0)] ?? text.other ?? "";
    }
    if (typeof text !== "string") return "";
    return text.replace(/\{(\w+)\}/g, (whole, key) =>
      Object.hasOwn(values, key) ? this.#shown(values[key]) : whole,
    );
  }

  /** The paragraphs of the consent text. */
  get consent() {
    const text = this.texts.consent?.text;
    return Array.isArray(text) ? text : [];
  }

  /** A day in ISO 8601, written out; what is none stays as it is. */
  day(iso) {
    const at = Date.parse(iso.length === 10 ? `${iso}T00:00:00Z` : iso);
    return Number.isNaN(at) ? iso : this.days.format(at);
  }

  /** So many kB, as the language writes it. */
  kilobytes(amount) {
    const unit = { style: "unit", unit: "kilobyte", unitDisplay: "short" };
    return new Intl.NumberFormat(this.code, unit).format(amount);
  }

  #shown(value) {
    return typeof value === "number" ? this.numbers.format(value) : String(value);
  }
}

/** Fetches catalogues, each once. */
export class Library {
  #shelf = new Map();

  /** The words of a language; rejects if the daemon does not answer. */
  async words(code) {
    const held = this.#shelf.get(code);
    if (held) return held;
    const answer = await fetch(`/languages/${encodeURIComponent(code)}.json`, {
      cache: "no-store",
    });
    if (!answer.ok) throw new Error(`no catalogue of ${code}`);
    const words = new Words(code, await answer.json());
    this.#shelf.set(code, words);
    return words;
  }
}

const WHOLE = /^\d+$/;

/** The one sentence of a scene: a hint stands in the place of what is said. */
export function sentence(scene, words) {
  if (scene.hint) return words.get("hint", scene.hint);
  const act = scene.act ?? scene.say.replace(/^ask_/, "");
  if (scene.say.startsWith("ask_") && words.has("act", act)) return words.get("act", act);
  const { say, detail } = scene;
  if (scene.step === "idle" && say.startsWith("idle") && !scene.purposes.length) {
    return words.get("say", "lay_card"); // there is nothing to choose from
  }
  const n = WHOLE.test(detail) ? Number(detail) : scene.numbers.length;
  const name = [`${say}.${detail}`, say, "checking"].find((one) => words.has("say", one));
  return words.get("say", name ?? "", { n });
}
