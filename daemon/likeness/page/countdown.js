// Counts down what is left of a step: a quiet bar, and words for whoever needs the time.
// Leaves to others: what happens at the end.

const SPOKEN_FROM_S = 15;

export class Countdown {
  #until = 0;
  #whole_s = 0;
  #key = "";
  #timer = 0;

  /** `bar` gets narrower; `tell(seconds)` is called with whole seconds, or null. */
  constructor(bar, tell) {
    this.bar = bar;
    this.tell = tell;
  }

  /** Begin anew for a new key; the same one only sets the time right. */
  set(key, left_s, always = false) {
    clearInterval(this.#timer);
    if (left_s === null || left_s === undefined) {
      this.#key = "";
      this.bar.hidden = true;
      this.tell(null);
      return;
    }
    if (key !== this.#key || left_s > this.#whole_s) this.#whole_s = left_s;
    this.#key = key;
    this.#until = performance.now() + left_s * 1000;
    this.bar.hidden = false;
    this.#tick(always);
    this.#timer = setInterval(() => this.#tick(always), 250);
  }

  #tick(always) {
    const left = Math.max(0, (this.#until - performance.now()) / 1000);
    const share = this.#whole_s > 0 ? left / this.#whole_s : 0;
    this.bar.style.setProperty("--left", share.toFixed(3));
    this.tell(always || left <= SPOKEN_FROM_S ? Math.ceil(left) : null);
  }
}
