// Ties the page together: line, language, scene, picture, light, sound. All that the
// visitor sees comes from the newest scene; nothing is kept.

import { byId, el, place } from "./dom.js";
import { icon } from "./drawings.js";
import { catchKeys } from "./keypad.js";
import { Light, isSafe } from "./light.js";
import { Preview } from "./preview.js";
import { Board } from "./scene.js";
import { Line } from "./socket.js";
import { cueOf, Sound } from "./sound.js";
import { Library } from "./words.js";

const IMPATIENT_MS = 400; // the same tap again says nothing new
const AGAIN_MS = 500;
const LONG_DOWN_MS = 10_000;
const IDLE_AGAIN_MS = 45_000; // then the next visitor finds the usual language

// What a scene may leave out.
const NOTHING = {
  serial: 0, step: "closed", say: "", detail: "", visit: 0, purpose: null, hint: null,
  asked: 0, done: 0, act: null, left_s: null, camera: false, offers: [], purposes: [],
  consent: "", numbers: [], light: [], called: false, bell: false, health: "",
};

const library = new Library();
const sound = new Sound();
let message = null; // the newest from the daemon
let edition = null; // of the page and its sentences
let words = null;
let stands = "starting";
let tapped = ""; // the last one, for as long as it counts as the same
let forgets = 0;
let longDown = 0;
let idleAgain = 0;
let shelved = ""; // the languages that there are buttons for

const line = new Line({ heard, pictured: (data) => preview.take(data), stands: standing });
const preview = new Preview(byId("canvas"), (frame) => line.send({ do: "drawn", frame }));
const light = new Light(document.documentElement, (since_ms) =>
  line.send({ do: "light_shown", serial: message.scene.serial, since_ms }),
);
const board = new Board(tap);

/** Send a tap with the number of the scene that it answers. */
function tap(word) {
  if (!message || stands !== "up") return;
  const said = { ...word, serial: message.scene.serial };
  const what = JSON.stringify(said);
  if (what === tapped) return;
  tapped = what; // which may be what is printed on a card
  clearTimeout(forgets);
  forgets = setTimeout(() => (tapped = ""), IMPATIENT_MS);
  line.send(said);
}

async function heard(said) {
  edition ??= said.edition;
  if (said.edition !== edition) {
    message = null; // another daemon, with other sentences: none of the old ones counts
    location.reload();
    return;
  }
  const news = { ...said, scene: { ...NOTHING, ...said.scene } };
  message = news;
  let known = null;
  try {
    known = await library.words(news.language);
  } catch {
    // Where the line is down it says so itself; else what stands there is old.
    setTimeout(() => message === news && heard(news), AGAIN_MS);
    if (message === news && stands === "up") notice("line_down", news);
    return;
  }
  if (message !== news || stands !== "up") return; // a newer one has come meanwhile
  words = known;
  paint();
  languages();
}

function paint() {
  const { scene, number } = message;
  shine(scene);
  preview.turn(scene.camera);
  const said = board.paint(scene, words);
  bar();
  sound.say(said, cueOf(scene), words.code);
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      if (message?.number === number) {
        line.send({ do: "painted", serial: scene.serial, number });
      }
    }),
  );
}

function shine(scene) {
  if (scene.step !== "light" || !scene.light.length || scene.offers.includes("light")) {
    light.end();
  } else if (isSafe(scene.light)) {
    light.begin(scene.light);
  } else {
    light.end();
    tap({ do: "skip_light" });
  }
}

// --- the line -----------------------------------------------------------------------
function standing(state) {
  stands = state;
  clearTimeout(longDown);
  if (state === "up") return; // the scene comes at once
  preview.turn(false);
  light.end();
  notice(state === "elsewhere" ? "elsewhere" : "line_down");
  if (state === "down") {
    longDown = setTimeout(() => notice("line_down_long"), LONG_DOWN_MS);
  }
}

function notice(name, kept = null) {
  message = kept;
  if (!words) return;
  board.notice(name, words, name === "elsewhere" ? () => line.open() : null);
  sound.say(words.get("page", name), "help", words.code);
}

// --- language and sound -------------------------------------------------------------
async function languages() {
  const codes = message?.languages ?? [];
  if (String(codes) === shelved) return;
  shelved = String(codes);
  const all = await Promise.allSettled(codes.map((code) => library.words(code)));
  const known = all.filter((one) => one.status === "fulfilled").map((one) => one.value);
  place(byId("languages"), known.map((one) => one.code).join(" "), () =>
    known.map(({ code, name, direction }) =>
      el(
        "li",
        {},
        el(
          "button",
          {
            type: "button",
            class: "quiet",
            lang: code,
            dir: direction,
            "data-language": code,
            onclick: () => choose(code),
          },
          name,
        ),
      ),
    ),
  );
  bar();
}

function choose(language) {
  line.send({ do: "language", language });
  if (message) heard({ ...message, language });
}

function bar() {
  byId("languages").setAttribute("aria-label", words.get("page", "languages"));
  for (const one of byId("languages").querySelectorAll("button")) {
    one.setAttribute("aria-pressed", String(one.dataset.language === words.code));
  }
  const button = byId("sound");
  button.setAttribute("aria-pressed", String(sound.on));
  button.setAttribute("aria-label", words.get("page", "sound"));
  place(button, `${sound.on}`, () => icon(sound.on ? "sound_on" : "sound_off"));
}

function backToUsual() {
  const usual = message?.languages?.[0];
  if (message?.scene.step !== "idle" || !usual) {
    touched(); // a visit goes on: look again when it may be over
    return;
  }
  byId("whole").close();
  sound.turn(false);
  if (usual === words.code) bar();
  else choose(usual);
}

function touched() {
  clearTimeout(idleAgain);
  idleAgain = setTimeout(backToUsual, IDLE_AGAIN_MS);
}

byId("sound").addEventListener("click", () => {
  sound.turn(!sound.on);
  bar();
});
addEventListener("contextmenu", (event) => event.preventDefault()); // a long tap is a tap
addEventListener("keydown", catchKeys);
for (const sign of ["keydown", "pointerdown"]) addEventListener(sign, touched);
line.open();
