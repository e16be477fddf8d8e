// What each step shows, and where: one function for each, from a scene to a plan. A
// plan's parts are [key, build]; a part is built anew only when its key changes.
// Leaves to others: putting it onto the screen (scene.js), the drawings, the sentences.

import { answerList, reportButton } from "./answer.js";
import { el } from "./dom.js";
import { button, drawing, icon } from "./drawings.js";
import { keypad } from "./keypad.js";

const NOTHING = ["", () => []];
// In this order; what is not named here has a place of its own.
const ORDER = ["agree", "decline", "light", "skip_light", "close_eyes", "nod", "done"];
const EQUAL = new Set(["agree", "decline", "light", "skip_light"]); // a free choice
const ALTERNATIVES = new Set(["close_eyes", "nod"]);

const ON_CARD = {
  hold_still: "reading",
  reading_chip: "reading",
  take_card: "take_card",
  card_trouble: "card_again",
  starting: "waiting",
};
const ON_VERDICT = {
  verdict_accepted: "accepted",
  verdict_refused: "refused",
  verdict_referred: "referred",
};

const UNDONE = new Set(["answer_missing", "dispute_not_kept"]);

/** Whether declining is a choice here; elsewhere it is "stop", at the foot of the page. */
export const asksConsent = (scene) => scene.offers.includes("agree");

/** The word that a tap on an offer sends. */
export function wordOf(offer, words) {
  if (ALTERNATIVES.has(offer)) return { do: "alternative", instead: offer };
  if (offer === "agree") return { do: "agree", language: words.code };
  return { do: offer };
}

// An alternative is offered beside the act that it can take the place of.
const INSTEAD_OF = { close_eyes: /^blink$/, nod: /^turn_/ };
const helps = (offer, act) => !INSTEAD_OF[offer] || INSTEAD_OF[offer].test(act ?? "");

function choices(scene, words, send, first = null) {
  const fits = (one) => helps(one, scene.act) && (one !== "decline" || asksConsent(scene));
  const offers = ORDER.filter((one) => scene.offers.includes(one) && fits(one));
  const key = `${words.code} ${scene.step} ${offers} ${first?.[0] ?? ""}`;
  return [
    key,
    () => [
      first?.[1]() ?? null,
      ...offers.map((offer) =>
        button(
          offer,
          words.get("offer", offer),
          () => send(wordOf(offer, words)),
          EQUAL.has(offer) ? "equal" : ALTERNATIVES.has(offer) ? "soft" : "plain",
        ),
      ),
    ],
  ];
}

const shown = (name) => [`drawing ${name}`, () => drawing(name)];

function text(words, ...lines) {
  const kept = lines.filter(Boolean);
  return [`text ${words.code} ${kept}`, () => kept.map((line) => el("p", {}, line))];
}

/** The whole consent text, with its version. */
export function consentText(words) {
  return el(
    "div",
    { class: "consent", tabindex: "0", role: "region", "aria-labelledby": "consent-title" },
    el("h2", { id: "consent-title" }, words.get("consent", "title")),
    words.consent.map((paragraph) => el("p", {}, paragraph)),
    el(
      "p",
      { class: "version" },
      words.get("consent", "label", { version: words.get("consent", "version") }),
    ),
  );
}

function purposeButtons(scene, words, send) {
  return scene.purposes.map((purpose) =>
    el(
      "button",
      {
        type: "button",
        class: "purpose",
        "data-purpose": purpose,
        onclick: () => send({ do: "begin", purpose, language: words.code }),
      },
      el("span", { class: "tile" }, icon(purpose)),
      el("span", {}, words.get("purpose", purpose)),
    ),
  );
}

function idle(scene, words, send, read) {
  if (layoutOf(scene) !== "idle") return onCard(scene, words, send);
  const byCard = scene.say === "idle_card";
  const key = `${words.code} ${scene.serial} ${scene.purposes}`;
  return {
    show: scene.purposes.length
      ? [key, () => el("div", { class: "purposes" }, purposeButtons(scene, words, send))]
      : shown(ON_CARD[scene.say] ?? "lay_card"),
    beside: [
      `short ${words.code} ${byCard}`,
      () => [
        el("p", { class: "short" }, words.get("consent", "short")),
        byCard ? el("p", { class: "short" }, words.get("consent", "card")) : null,
        button("read", words.get("consent", "read"), () => read(), "link"),
      ],
    ],
    choices: choices(scene, words, send),
  };
}

function consent(scene, words, send) {
  return {
    show: [`consent ${words.code}`, () => consentText(words)],
    beside: NOTHING,
    choices: choices(scene, words, send),
  };
}

function onCard(scene, words, send) {
  const reading = scene.say === "reading_chip" && /^\d+$/.test(scene.detail);
  const amount = reading ? words.kilobytes(Number(scene.detail)) : "";
  const digits = scene.say !== "access_key_mrz" && scene.say !== "key_next_line";
  return {
    show: scene.offers.includes("key")
      ? [
          `key ${words.code} ${digits}`,
          () => [digits ? null : drawing("mrz"), keypad(words, digits, send)].flat(),
        ]
      : shown(ON_CARD[scene.say] ?? "lay_card"),
    beside: reading
      ? [
          `amount ${words.code} ${amount}`,
          () => el("p", { class: "amount" }, words.get("page", "read", { amount })),
        ]
      : NOTHING,
    choices: choices(scene, words, send),
  };
}

function actSteps(scene, words) {
  const begun = scene.step === "acts";
  const n = Math.min(scene.done + 1, scene.asked);
  const label =
    scene.done >= scene.asked
      ? words.get("page", "all_seen")
      : words.get("page", "progress", { done: n, asked: scene.asked });
  const dots = Array.from({ length: scene.asked }, (_, place) => {
    const state = place < scene.done ? "seen" : begun && place === scene.done ? "now" : "next";
    const inside = state === "seen" ? icon("agree") : words.numbers.format(place + 1);
    return el("span", { class: `step ${state}` }, inside);
  });
  return el(
    "div",
    { class: "progress" },
    el("div", { class: "dots", "aria-hidden": "true" }, dots),
    begun ? el("p", { class: "count" }, label) : null,
  );
}

function looking(scene, words, send) {
  const act = scene.act ?? (scene.say.startsWith("ask_") ? scene.say.slice(4) : null);
  const calm = scene.say === "act_seen" ? "seen" : "look";
  const name = scene.hint ?? act ?? calm;
  const progress = scene.asked
    ? [
        `steps ${words.code} ${scene.step} ${scene.done} ${scene.asked}`,
        () => actSteps(scene, words),
      ]
    : NOTHING;
  return {
    picture: scene.camera,
    drawing: scene.camera ? name : null,
    show: scene.camera ? NOTHING : shown(name),
    // Near to where the visitor looks.
    over: scene.camera ? progress : NOTHING,
    beside: scene.camera ? NOTHING : progress,
    // Between two acts nothing else moves on the screen.
    choices: scene.say === "act_seen" && !scene.hint ? null : choices(scene, words, send),
  };
}

function light(scene, words, send) {
  const warns = scene.offers.includes("light");
  return {
    show: warns ? shown("light") : shown("face_place"),
    beside: warns ? text(words, words.get("light", "warning")) : NOTHING,
    choices: choices(scene, words, send),
  };
}

function verdict(scene, words, send) {
  const reason = words.get("reason", scene.detail);
  return {
    show: shown(ON_VERDICT[scene.say] ?? "waiting"),
    beside: text(words, reason),
    choices: choices(scene, words, send),
  };
}

function answer(scene, words, send, _read, marked) {
  const open = scene.offers.includes("not_mine");
  const report = open && [
    `report ${marked.size}`,
    () =>
      reportButton(words, marked, (places) => send({ do: "not_mine", places })),
  ];
  const drawn = UNDONE.has(scene.say) ? "referred" : "accepted";
  return {
    show: scene.numbers.length
      ? [
          `numbers ${words.code} ${scene.visit} ${open} ${JSON.stringify(scene.numbers)}`,
          () => answerList(scene.numbers, words, marked, open),
        ]
      : shown(drawn),
    beside: NOTHING,
    choices: choices(scene, words, send, report || null),
  };
}

function closed(scene, words, send) {
  const drawn = ON_CARD[scene.say] ?? "closed";
  return { show: shown(drawn), beside: NOTHING, choices: choices(scene, words, send) };
}

const PLANS = {
  idle,
  consent,
  card: onCard,
  look: looking,
  acts: looking,
  light,
  verdict,
  answer,
  closed,
};

/** Which layout a scene has: a card that is being read has its own, also in idle. */
export function layoutOf(scene) {
  const aboutCard = scene.step === "idle" && !scene.say.startsWith("idle");
  return aboutCard ? "card" : scene.step;
}

/** The plan of a scene; one of a step that is not known here shows its sentence. */
export function plan(scene, words, send, read, marked) {
  return (PLANS[scene.step] ?? closed)(scene, words, send, read, marked);
}
