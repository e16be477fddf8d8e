// Drawings with a face: each act and each hint, moved by drawings.css. They show what a
// mirror shows: the visitor's own left is at the left. Leaves to others: when.

import { svg } from "./dom.js";

const HEAD =
  "M100 26C136 26 152 54 151 90C150 128 126 156 100 156C74 156 50 128 49 90C48 54 64 26 100 26Z";
const HAIR =
  "M46 92C38 46 66 16 102 18C138 18 162 48 154 92C152 74 144 62 132 58C110 62 80 58 68 52C56 60 48 74 46 92Z";
const SHOULDERS = "M22 206C24 176 58 164 84 160L116 160C142 164 176 176 178 206Z";

function eye(x, side) {
  return svg(
    "g",
    { class: `eye ${side}` },
    svg(
      "g",
      { class: "open" },
      svg("ellipse", { class: "white", cx: x, cy: 94, rx: 14, ry: 9.5 }),
      svg("circle", { class: "dark", cx: x, cy: 94, r: 6 }),
    ),
    svg("path", {
      class: "lid line",
      d: `M${x - 14} 95Q${x} 104 ${x + 14} 95M${x - 9} 100L${x - 11} 105M${x} 101.5V107M${x + 9} 100L${x + 11} 105`,
    }),
  );
}

function features(extra = []) {
  return svg(
    "g",
    { class: "features" },
    svg("path", { class: "line brow", d: "M58 76Q72 68 84 75M116 75Q128 68 142 76" }),
    eye(72, "start"),
    eye(128, "end"),
    svg("path", { class: "line nose", d: "M101 92Q97 108 93 114Q99 119 106 116" }),
    svg("path", { class: "line mouth", d: "M82 133Q100 144 118 133" }),
    ...extra,
  );
}

/** A face with shoulders; `extra` moves with its features. */
function person(extra, place = "") {
  return svg(
    "g",
    { class: `person ${place}` },
    svg("path", { class: "cloth", d: SHOULDERS }),
    svg("path", { class: "skin", d: "M82 140V164Q100 178 118 164V140Z" }),
    svg(
      "g",
      { class: "head" },
      svg("ellipse", { class: "skin ear start", cx: 49, cy: 98, rx: 9, ry: 14 }),
      svg("ellipse", { class: "skin ear end", cx: 151, cy: 98, rx: 9, ry: 14 }),
      svg("path", { class: "skin", d: HEAD }),
      features(extra),
      svg("path", { class: "hair", d: HAIR }),
    ),
  );
}

const arrow = (d, place) => svg("path", { class: `arrow ${place}`, d });
const oval = () => svg("ellipse", { class: "oval", cx: 100, cy: 92, rx: 74, ry: 90 });
const glasses = () =>
  svg("path", {
    class: "glasses",
    d: "M50 88H56M144 88H150M88 90Q100 82 112 90M56 86H88V96Q88 108 72 108Q56 108 56 96ZM112 86H144V96Q144 108 128 108Q112 108 112 96Z",
  });
const rays = () =>
  svg("path", {
    class: "rays",
    d: "M172 4V-10M172 60V74M144 32H130M152 12L143 3M152 52L143 61M192 12L200 4",
  });
const lamp = () => svg("circle", { class: "lamp", cx: 172, cy: 32, r: 18 });

const PARTS = {
  blink: () => [person()],
  close_eyes: () => [
    person(),
    svg("circle", { class: "ring", cx: 176, cy: 30, r: 20 }),
    svg("circle", { class: "ring run", cx: 176, cy: 30, r: 20, pathLength: 1 }),
  ],
  turn_left: () => [person(), arrow("M150 4Q90 -16 36 16M36 16L58 16M36 16L44 -4", "")],
  turn_right: () => [person(), arrow("M50 4Q110 -16 164 16M164 16L142 16M164 16L156 -4", "")],
  raise_chin: () => [person(), arrow("M190 136V48M190 48L176 66M190 48L204 66", "")],
  lower_chin: () => [person(), arrow("M190 48V136M190 136L176 118M190 136L204 118", "")],
  no_face: () => [oval(), person()],
  one_person: () => [person(), person([], "other")],
  come_closer: () => [oval(), person()],
  go_back: () => [oval(), person()],
  centre: () => [oval(), person()],
  more_light: () => [person(), lamp(), rays()],
  less_light: () => [person(), lamp(), rays()],
  look_straight: () => [person()],
  glasses: () => [person([glasses()])],
  hold_still: () => [
    person(),
    svg("path", {
      class: "corners",
      d: "M14 30V6H38M162 6H186V30M186 150V174H162M38 174H14V150",
    }),
  ],
  look: () => [person()],
};

/** Whether there is a face for this name. */
export const hasFace = (name) => Object.hasOwn(PARTS, name);

/** One figure; `pose` is "" for a moving one, "rest" or "peak" for a still. */
export function figure(name, pose = "") {
  return svg(
    "svg",
    {
      class: `figure face ${name} ${pose}`,
      viewBox: "-14 -22 228 228",
      "aria-hidden": "true",
      focusable: "false",
    },
    ...PARTS[name](),
  );
}
