// The oval over the picture: where the face belongs, whether it is there, and which way
// it should go. The shape of its line says it too, not the colour alone. Leaves to
// others: the picture, and the hint's words.

import { place, svg } from "./dom.js";

const CX = 320;
const CY = 214;
const RX = 104;
const RY = 134;
const ellipse = (cls, grow = 0) =>
  svg("ellipse", { class: cls, cx: CX, cy: CY, rx: RX + grow, ry: RY + grow });

// Chevrons at the four sides of the oval; `out` is 1 outwards, -1 inwards.
function chevrons(out) {
  const tip = 12 * out;
  const x = RX + 30;
  const y = RY + 26;
  return svg("path", {
    class: "push",
    d: [
      `M${CX - x + tip} ${CY - 22}L${CX - x - tip} ${CY}L${CX - x + tip} ${CY + 22}`,
      `M${CX + x - tip} ${CY - 22}L${CX + x + tip} ${CY}L${CX + x - tip} ${CY + 22}`,
      `M${CX - 22} ${CY - y + tip}L${CX} ${CY - y - tip}L${CX + 22} ${CY - y + tip}`,
      `M${CX - 22} ${CY + y - tip}L${CX} ${CY + y + tip}L${CX + 22} ${CY + y - tip}`,
    ].join(""),
  });
}

const PUSH = { come_closer: 1, go_back: -1, centre: -1 };

/** "wait": nothing known yet; "help": a hint stands; "good": the face is in its place. */
export function stateOf(scene) {
  if (scene.hint) return "help";
  return scene.step === "acts" ? "good" : "wait";
}

/** Draw the guide of this scene. */
export function drawGuide(region, scene) {
  const state = stateOf(scene);
  const push = PUSH[scene.hint] ?? 0;
  place(region, `${state} ${push}`, () =>
    svg(
      "svg",
      {
        class: `oval-guide ${state}`,
        viewBox: "0 0 640 480",
        preserveAspectRatio: "xMidYMid slice",
        "aria-hidden": "true",
      },
      svg("path", {
        class: "around",
        "fill-rule": "evenodd",
        d: `M-640 -480H1280V960H-640ZM${CX - RX} ${CY}A${RX} ${RY} 0 1 0 ${CX + RX} ${CY}A${RX} ${RY} 0 1 0 ${CX - RX} ${CY}Z`,
      }),
      ellipse("under"),
      ellipse("edge"),
      push ? chevrons(push) : "",
    ),
  );
}
