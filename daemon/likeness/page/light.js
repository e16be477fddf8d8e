// Fills the screen with the colours of the light answer, each for exactly its time.
// Refuses what could harm somebody, whoever asks for it: WCAG 2.2, 2.3.1.

const FLASH = 0.1; // of the brightest white: a change of luminance that counts
const FLASHES_A_SECOND = 3;
const SATURATED = 0.8;

function linear(byte) {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** Relative luminance of an sRGB colour, 0..1. */
export function luminance([red, green, blue]) {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function isRed(rgb) {
  const [red, green, blue] = rgb.map(linear);
  return red + green + blue > 0 && red / (red + green + blue) >= SATURATED;
}

function flashes(before, after) {
  return (
    Math.abs(luminance(before) - luminance(after)) >= FLASH ||
    isRed(before) !== isRed(after)
  );
}

/** Whether no second of these steps has three flashes (a flash: there and back). */
export function isSafe(steps) {
  const changes = [];
  let at_ms = 0;
  for (const [place, step] of steps.entries()) {
    if (place && flashes(steps[place - 1].rgb, step.rgb)) changes.push(at_ms);
    at_ms += step.ms;
  }
  const most = 2 * FLASHES_A_SECOND;
  return changes.every((at, i) => !(changes[i + most - 1] - at < 1000));
}

/** Which step stands after so many milliseconds; the last one stays. */
export function stepAt(steps, elapsed_ms) {
  let left = elapsed_ms;
  for (const step of steps) {
    if (left < step.ms) return step;
    left -= step.ms;
  }
  return steps.at(-1);
}

export class Light {
  #steps = null;
  #about = "";
  #paint;
  #shown;
  #root;

  /** `shown(since_ms)` is called when the first colour stands on the screen. */
  constructor(root, shown) {
    this.#root = root;
    this.#shown = shown;
  }

  /** Begin with these steps; the same ones again change nothing. */
  begin(steps) {
    const about = JSON.stringify(steps);
    if (this.#steps && this.#about === about) return;
    this.#about = about;
    this.#steps = steps;
    this.#root.classList.add("shining");
    this.#fill(steps[0]);
    requestAnimationFrame((began) => {
      this.#play(steps, began);
      // By the second frame the first one has been given to the display.
      requestAnimationFrame(() => {
        if (this.#steps === steps) {
          this.#shown(Math.round(performance.now() - began));
        }
      });
    });
  }

  /** Give the screen back. */
  end() {
    if (!this.#steps) return;
    this.#steps = null;
    this.#root.classList.remove("shining");
    this.#root.style.removeProperty("--shine");
  }

  #play(steps, began) {
    const frame = (now) => {
      if (this.#steps !== steps) return;
      this.#fill(stepAt(steps, Math.max(0, now - began)));
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  #fill(step) {
    if (this.#paint === step && this.#root.style.getPropertyValue("--shine")) return;
    this.#paint = step;
    this.#root.style.setProperty("--shine", `rgb(${step.rgb.join(" ")})`);
  }
}
