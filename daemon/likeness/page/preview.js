// The camera's picture on the canvas, as in a mirror (style.css turns it). Decodes the
// newest frame only: one that comes too late is never drawn. Keeps none.

export class Preview {
  #canvas;
  #pen;
  #waiting = null;
  #busy = false;
  #on = false;

  /** `drawn(frame)` is called when a frame stands on the canvas. */
  constructor(canvas, drawn) {
    this.#canvas = canvas;
    this.#pen = canvas.getContext("2d", { alpha: false });
    this.drawn = drawn;
  }

  /** Draw from now on, or not; without a camera nothing of anybody stays. */
  turn(on) {
    if (this.#on && !on) this.#clear();
    this.#on = on;
  }

  /** Take a message: four bytes frame number, big-endian, and a JPEG. */
  take(buffer) {
    if (buffer.byteLength < 5) return;
    this.#waiting = buffer;
    if (!this.#busy) this.#next();
  }

  async #next() {
    this.#busy = true;
    while (this.#waiting) {
      const buffer = this.#waiting;
      this.#waiting = null;
      try {
        await this.#draw(buffer);
      } catch {
        // A picture that cannot be decoded is left out; the next one comes.
      }
      this.drawn(new DataView(buffer).getUint32(0));
    }
    this.#busy = false;
  }

  async #draw(buffer) {
    const jpeg = new Blob([new Uint8Array(buffer, 4)], { type: "image/jpeg" });
    const picture = await createImageBitmap(jpeg);
    if (this.#on) {
      const canvas = this.#canvas;
      if (canvas.width !== picture.width || canvas.height !== picture.height) {
        canvas.width = picture.width;
        canvas.height = picture.height;
      }
      this.#pen.drawImage(picture, 0, 0);
      canvas.dataset.frames = Number(canvas.dataset.frames ?? 0) + 1;
    }
    picture.close();
  }

  #clear() {
    delete this.#canvas.dataset.frames;
    this.#pen.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }
}
