// Draws what the desk knows; text goes in as text. Leaves to others: fetching it.

import { resultOf } from "/desk/api.js";

const SIGNS = { accepted: "✓", referred: "→", refused: "✕", unsafe: "!", running: "…", well: "✓", starting: "…", unknown: "?", lost: "!" };

export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

/** How a visit is to be looked at: what was decided, its verdict, that it goes on, or has none. */
export function kind(visit) {
  if (visit.state !== "ended") return "running";
  if (visit.decision?.jti) return visit.decision.decision === "accept" ? "accepted" : "refused";
  return visit.verdict ?? "unsafe";
}

function mark(kind, text) {
  return el("span", { class: `mark ${kind}`, "data-sign": SIGNS[kind] ?? "" }, text);
}

function standing(visit, words) {
  if (visit.state !== "ended") {
    const acts = visit.asked ? ` ${words.say("acts", { done: visit.done, asked: visit.asked })}` : "";
    return words.get("state", visit.state) + acts;
  }
  return words.get("verdict", kind(visit));
}

function decided(visit, words) {
  const made = visit.decision;
  if (!made) return null;
  const who = made.attendants.join(", ");
  const name = made.jti ? `decided_${made.decision}` : `proposed_${made.decision}`;
  return el("p", {}, `${words.say(name, { who })} ${words.get("decision_reason", made.reason)}`);
}

/** One visit. */
export function visitItem(visit, words, { cancel, decide, decides }) {
  const open = visit.state !== "ended";
  const mayDecide = decides && visit.verdict === "referred" && !visit.decision?.jti;
  const why = visit.reasons.map((reason) => words.get("reason", reason) || reason).join(" · ");
  const about = { transaction: visit.transaction };
  return el(
    "li",
    { class: `visit ${kind(visit)}`, "data-transaction": visit.transaction },
    el("div", { class: "row" }, el("h3", { dir: "ltr" }, visit.transaction), mark(kind(visit), standing(visit, words))),
    el("p", { class: "hint" }, `${words.time(visit.begun_at)} · ${words.get("purpose", visit.purpose)}`),
    why ? el("p", {}, why) : null,
    el("p", { class: "step" }, words.get("next_step", visit.next_step)),
    decided(visit, words),
    el(
      "div",
      { class: "row" },
      open
        ? el("button", { type: "button", class: "soft", "aria-label": words.say("cancel_of", about), onclick: () => cancel(visit) }, words.say("cancel"))
        : null,
      mayDecide
        ? el("button", { type: "button", class: "main", "aria-label": words.say("decide_of", about), onclick: () => decide(visit) }, words.say("decide"))
        : null,
      visit.result
        ? el("a", { href: resultOf(visit.transaction), download: `${visit.transaction}.jws`, "aria-label": words.say("result_of", about) }, words.say("result"))
        : null,
    ),
  );
}

/** One call for an attendant. */
export function callItem(call, words, answer) {
  const text = words.say(call.transaction ? "call_of" : "call", {
    time: words.time(call.since),
    transaction: call.transaction,
  });
  return el(
    "li",
    { class: "call" },
    el("span", {}, text),
    el("button", { type: "button", class: "main", onclick: () => answer(call) }, words.say("answer")),
  );
}

const PARTS = ["reader", "camera", "broker", "screen", "clock", "disk"];

/** How each part is. */
export function partItems(health, words) {
  return PARTS.map((name) => {
    const { state } = health[name];
    return el("li", { class: "part" }, el("span", {}, words.get("part", name)), mark(state, words.get("part_state", state)));
  });
}
