// The sentences of one language, with its own rules for plurals, numbers and times
// (ECMA-402). Leaves to others: which sentence.

export const LANGUAGES = { en: "English", "zh-Hans": "简体中文", es: "Español", ar: "العربية", fr: "Français" };

/** The language that was chosen before, or the browser's, or English. */
export function preferred() {
  const wanted = [localStorage.getItem("language"), ...navigator.languages];
  for (const code of wanted) {
    if (!code) continue;
    if (Object.hasOwn(LANGUAGES, code)) return code;
    const short = code.split("-")[0];
    if (short === "zh") return "zh-Hans";
    if (Object.hasOwn(LANGUAGES, short)) return short;
  }
  return "en";
}

export class Words {
  constructor(code, texts) {
    this.code = code;
    this.texts = texts;
    this.direction = code === "ar" ? "rtl" : "ltr";
    this.plurals = new Intl.PluralRules(code);
    this.numbers = new Intl.NumberFormat(code);
    this.times = new Intl.DateTimeFormat(code, { hour: "2-digit", minute: "2-digit" });
  }

  /** A sentence, filled in; `n` chooses the plural form. */
  get(group, name, values = {}) {
    let text = this.texts[group]?.[name];
    if (text !== null && typeof text === "object") {
      text = text[this.plurals.select(values.n ?? 0)] ?? text.other;
    }
    if (typeof text !== "string") return "";
    return text.replace(/\{(\w+)\}/g, (whole, key) => {
      const value = values[key];
      if (value === undefined) return whole;
      return typeof value === "number" ? this.numbers.format(value) : String(value);
    });
  }

  say(name, values) {
    return this.get("say", name, values);
  }

  /** A moment in seconds since 1970, as a time of the day. */
  time(seconds) {
    return this.times.format(new Date(seconds * 1000));
  }
}

/** Fetch the words of a language. */
export async function words(code) {
  const answer = await fetch(`/desk/languages/${code}.json`);
  if (!answer.ok) throw new Error(`no words of ${code}`);
  return new Words(code, await answer.json());
}
