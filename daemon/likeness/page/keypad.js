// Takes what is printed on the card: six digits by keys on the screen, or lines that a
// scanner types. What was entered is forgotten as soon as it is sent. Leaves to others:
// what it means (core/key_lines.py).

import { el } from "./dom.js";
import { icon } from "./drawings.js";

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
const CAN = 6;
const MRZ_LINE = 30; // the shortest; more lines may follow it at once
const SILENT_MS = 600; // a scanner sends its lines one after the other, without a rest
const MOST = 128;

/** The panel; sends {do: "key", line}. */
export function keypad(words, withDigits, send) {
  let lines = [];
  let waiting = 0;
  const field = el("input", {
    class: "field",
    id: "key-field",
    type: "text",
    dir: "ltr",
    maxlength: MOST,
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    inputmode: withDigits ? "numeric" : "text",
    "aria-label": words.get("page", "key_field"),
    oninput: () => lines.length && wait(),
    onkeydown: (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      enter();
    },
  });

  function flush() {
    const line = lines.join("\n").slice(0, MOST);
    lines = [];
    if (line) send({ do: "key", line });
  }

  function wait() {
    clearTimeout(waiting);
    waiting = setTimeout(flush, SILENT_MS);
  }

  function enter() {
    const line = field.value.trim();
    field.value = "";
    clearTimeout(waiting);
    if (line) lines.push(line);
    if (line.length >= MRZ_LINE) wait();
    else flush();
  }

  function press(digit) {
    if (field.value.length < CAN) field.value += digit;
    if (field.value.length === CAN) field.parentElement.querySelector(".enter").focus();
  }

  const digit = (sign) =>
    el(
      "button",
      { type: "button", class: "digit", "data-digit": sign, onclick: () => press(sign) },
      sign, // as cards have them printed, in every language
    );
  const back = el(
    "button",
    {
      type: "button",
      class: "digit back",
      "aria-label": words.get("page", "digit_back"),
      onclick: () => (field.value = field.value.slice(0, -1)),
    },
    icon("back"),
  );
  const done = el(
    "button",
    { type: "button", class: "digit enter", "data-offer": "key", onclick: enter },
    el("span", {}, words.get("offer", "key")),
  );
  const keys = withDigits ? [...DIGITS.map(digit), back, digit("0"), done] : [done];
  return el(
    "div",
    {
      class: withDigits ? "keypad" : "keypad lines",
      role: "group",
      "aria-label": words.get("page", "keypad"),
    },
    field,
    ...keys,
  );
}

/** A scanner types wherever the focus is: lead it to the field. */
export function catchKeys(event) {
  const field = document.getElementById("key-field");
  const plain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!field || !plain || event.key === " " || document.activeElement === field) return;
  field.focus(); // before the sign is typed, so that it goes there
}
