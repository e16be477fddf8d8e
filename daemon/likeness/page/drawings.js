// Drawings of things, and small signs for buttons. All are for the eye only: what they
// say stands beside them in words. Leaves to others: faces (face.js), motion
// (drawings.css).

import { el, svg } from "./dom.js";
import { figure, hasFace } from "./face.js";

const path = (d, cls = "line") => svg("path", { class: cls, d });
const rect = (x, y, width, height, rx, cls) =>
  svg("rect", { class: cls, x, y, width, height, rx });

const card = () =>
  svg(
    "g",
    { class: "card" },
    rect(46, 50, 108, 68, 8, "paper"),
    rect(56, 62, 28, 36, 4, "soft"),
    svg("circle", { class: "tone", cx: 70, cy: 74, r: 7 }),
    path("M59 96Q59 84 70 84Q81 84 81 96Z", "tone"),
    path("M96 68H142M96 82H134M96 96H142"),
    path("M56 108H142", "faint"),
  );
const reader = () =>
  svg(
    "g",
    { class: "reader" },
    path("M18 150L40 108H160L182 150Z", "tone-soft"),
    rect(18, 150, 164, 26, 8, "tone"),
    svg("circle", { class: "lamp-small", cx: 164, cy: 163, r: 5 }),
  );
const waves = () =>
  svg(
    "g",
    { class: "waves" },
    path("M84 44Q100 32 116 44", "wave"),
    path("M74 32Q100 12 126 32", "wave two"),
    path("M64 20Q100 -8 136 20", "wave three"),
  );
const sign = (cls, ...parts) => [
  svg("circle", { class: `disc ${cls}`, cx: 100, cy: 90, r: 84 }),
  ...parts,
];

const lines = (y) => path(`M40 ${y}H160`, "signs");

const THINGS = {
  mrz: () => [
    rect(24, 30, 152, 112, 10, "paper"),
    rect(36, 44, 36, 44, 4, "soft"),
    svg("circle", { class: "tone", cx: 54, cy: 60, r: 8 }),
    path("M40 86Q40 72 54 72Q68 72 68 86Z", "tone"),
    path("M84 52H160M84 68H140"),
    lines(106),
    lines(124),
    rect(16, 96, 168, 40, 6, "frame"),
  ],
  lay_card: () => [reader(), card(), path("M100 4V34M100 34L88 22M100 34L112 22", "arrow")],
  card_again: () => [reader(), card(), path("M100 4V34M100 34L88 22M100 34L112 22", "arrow")],
  take_card: () => [reader(), card(), path("M100 34V4M100 4L88 16M100 4L112 16", "arrow")],
  reading: () => [reader(), card(), waves()],
  seen: () => sign("good", path("M62 92L90 120L142 64", "sign")),
  accepted: () => sign("good", path("M60 92L90 122L144 62", "sign")),
  refused: () => sign("stop", path("M100 46V102M100 130V131", "sign")),
  referred: () =>
    sign(
      "wait",
      svg("circle", { class: "sign-fill", cx: 100, cy: 68, r: 24 }),
      path("M54 138Q56 102 100 102Q144 102 146 138Z", "sign-fill"),
    ),
  closed: () => sign("calm", path("M62 90H138", "sign")),
  waiting: () => [
    svg("circle", { class: "dot one", cx: 50, cy: 90, r: 13 }),
    svg("circle", { class: "dot two", cx: 100, cy: 90, r: 13 }),
    svg("circle", { class: "dot three", cx: 150, cy: 90, r: 13 }),
  ],
  light: () => [
    rect(30, 22, 140, 136, 14, "paper"),
    svg("path", { class: "wash one", d: "M40 32H80V148H40Z" }),
    svg("path", { class: "wash two", d: "M80 32H120V148H80Z" }),
    svg("path", { class: "wash three", d: "M120 32H160V148H120Z" }),
    svg("ellipse", { class: "oval-ink", cx: 100, cy: 90, rx: 36, ry: 46 }),
  ],
  face_place: () => [svg("ellipse", { class: "oval-ink", cx: 100, cy: 90, rx: 72, ry: 94 })],
  elsewhere: () => [
    rect(20, 30, 110, 84, 8, "paper"),
    rect(70, 70, 110, 84, 8, "tone-soft"),
    path("M20 52H130M70 92H180"),
  ],
};

/** The large drawing of this name: moving, or as two stills where motion is unwelcome. */
export function drawing(name) {
  if (hasFace(name)) {
    return [figure(name), figure(name, "still rest"), figure(name, "still peak")];
  }
  const parts = (THINGS[name] ?? THINGS.waiting)();
  const view = { viewBox: "-4 -14 208 208", "aria-hidden": "true", focusable: "false" };
  return [svg("svg", { class: `figure thing ${name}`, ...view }, ...parts)];
}

const SIGNS = {
  new_number: ["M7 2H17L21 6V22H7ZM10 12H18V19H10ZM14 12V19M10 15.5H18", "M1 9H5M3 7V11"],
  replace_sim: ["M8 7H16V17H8ZM8 12H16", "M3 13A9 9 0 0 1 18.5 5.5M21 11A9 9 0 0 1 5.5 18.5M18.5 2V6H14.5M5.5 22V18H9.5"],
  new_internet: ["M2 9Q12 -1 22 9M5.5 12.5Q12 6 18.5 12.5M9 16Q12 13 15 16M12 19.5V20"],
  reverify_owner: ["M12 2L20 5V11Q20 18 12 22Q4 18 4 11V5Z", "M8 11.5L11 14.5L16 8.5"],
  check_numbers: ["M3 4H15M3 9H10M3 14H8", "M14 11A4.5 4.5 0 1 1 14 20A4.5 4.5 0 1 1 14 11M17.5 18.5L22 23"],
  attendant: ["M12 3A4.5 4.5 0 1 1 12 12A4.5 4.5 0 1 1 12 3M3.5 21.5Q4 15 12 15Q20 15 20.5 21.5Z"],
  more_time: ["M12 3A9.5 9.5 0 1 1 12 22A9.5 9.5 0 1 1 12 3M12 8V13L15.5 15"],
  close_eyes: ["M3 10Q12 18 21 10M6.5 13L5 16M12 14.5V18M17.5 13L19 16"],
  nod: ["M12 3V21M12 3L8 7M12 3L16 7M12 21L8 17M12 21L16 17"],
  agree: ["M4 13L10 19L21 6"],
  decline: ["M5 5L19 19M19 5L5 19"],
  light: ["M12 7A5 5 0 1 1 12 17A5 5 0 1 1 12 7M12 1V3.5M12 20.5V23M1 12H3.5M20.5 12H23M4.5 4.5L6 6M18 18L19.5 19.5M4.5 19.5L6 18M18 6L19.5 4.5"],
  skip_light: ["M4 5L12 12L4 19ZM13 5L21 12L13 19Z"],
  not_mine: ["M5 22V3H19L15.5 8L19 13H5"],
  done: ["M4 13L10 19L21 6"],
  read: ["M5 2H15L19 6V22H5ZM8.5 9H15.5M8.5 13H15.5M8.5 17H13"],
  key: ["M4 13L10 19L21 6"],
  back: ["M9 5H22V19H9L2 12ZM12 9L18 15M18 9L12 15"],
  sound_on: ["M3 9V15H7L13 20V4L7 9ZM16.5 8.5Q19.5 12 16.5 15.5M19.5 5.5Q24 12 19.5 18.5"],
  sound_off: ["M3 9V15H7L13 20V4L7 9ZM17 9L23 15M23 9L17 15"],
  offline: ["M2 9Q12 -1 22 9M5.5 12.5Q12 6 18.5 12.5M12 18V18.5M3 21L21 3"],
  mark: ["M4 9V4H9M15 4H20V9M20 15V20H15M9 20H4V15", "M12 7.5A3.5 4.5 0 1 1 12 16.5A3.5 4.5 0 1 1 12 7.5"],
};

/** A small sign for a button, or null if there is none of this name. */
export function icon(name) {
  if (!Object.hasOwn(SIGNS, name)) return null;
  const view = { viewBox: "-1 -1 26 26", "aria-hidden": "true", focusable: "false" };
  return svg("svg", { class: "icon", ...view }, ...SIGNS[name].map((d) => svg("path", { d })));
}

/** A button with its sign and its words. */
export function button(name, label, tap, kind = "plain") {
  return el(
    "button",
    { type: "button", class: kind, "data-offer": name, onclick: tap },
    icon(name),
    el("span", {}, label),
  );
}
