// The numbers in the visitor's name, each with a mark "not mine". Leaves to others:
// sending the report, and clearing the screen in time.

import { el } from "./dom.js";
import { button, icon } from "./drawings.js";

/** The report's button: says how many are marked; without a mark it does nothing. */
export function reportButton(words, marked, report) {
  const n = marked.size;
  const label = n ? words.get("offer", "not_mine", { n }) : words.get("page", "mark_first");
  const places = [...marked].sort((one, other) => one - other);
  const made = button("not_mine", label, () => n && report(places), n ? "main" : "main idle");
  if (!n) made.setAttribute("aria-disabled", "true");
  return made;
}

function line(number, place, words, marked, open) {
  const label = `number-${place}`;
  return el(
    "li",
    { class: "number" },
    el(
      "div",
      { class: "what", id: label },
      el("span", { class: "digits" }, el("bdi", { dir: "ltr" }, number.number)),
      el(
        "span",
        { class: "where" },
        el("bdi", {}, number.place),
        number.place && number.since ? " · " : "",
        number.since ? words.get("page", "since", { date: words.day(number.since) }) : "",
      ),
    ),
    open ? mark(place, label, words, marked) : null,
  );
}

function mark(place, label, words, marked) {
  const toggled = (event) => {
    const box = event.currentTarget;
    if (marked.has(place)) marked.delete(place);
    else marked.add(place);
    box.setAttribute("aria-pressed", String(marked.has(place)));
    box.dispatchEvent(new CustomEvent("marked", { bubbles: true }));
  };
  return el(
    "button",
    {
      type: "button",
      class: "toggle",
      id: `${label}-mark`,
      "aria-pressed": String(marked.has(place)),
      "aria-describedby": label,
      onclick: toggled,
    },
    el("span", { class: "box" }, icon("agree")),
    el("span", {}, words.get("page", "not_mine")),
  );
}

/** The list; `marked` (a Set of places) is changed by taps, "marked" bubbles up. */
export function answerList(numbers, words, marked, open) {
  const lines = numbers.map((one, place) => line(one, place, words, marked, open));
  return el(
    "div",
    { class: "numbers", tabindex: "0", role: "region", "aria-label": words.get("page", "numbers") },
    el("ul", {}, lines),
  );
}
