// The line to the daemon: opens it again by itself, and always says truly whether it
// stands. Leaves to others: what the messages mean.

const FIRST_MS = 250;
const MOST_MS = 4000;
const SILENT_MS = 6000; // the daemon says something every two seconds, or hangs
const ELSEWHERE = 4001; // another window took over; it is not taken back by itself

export class Line {
  #socket = null;
  #wait_ms = FIRST_MS;
  #silence = 0;

  /** `heard(message)`, `pictured(buffer)`, `stands("up" | "down" | "elsewhere")`. */
  constructor({ heard, pictured, stands }) {
    this.heard = heard;
    this.pictured = pictured;
    this.stands = stands;
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/socket`);
    socket.binaryType = "arraybuffer";
    const on = (sign, act) =>
      socket.addEventListener(sign, (event) => this.#socket === socket && act(event));
    on("open", () => {
      this.#wait_ms = FIRST_MS;
      this.#heard();
      this.stands("up");
    });
    on("message", ({ data }) => {
      this.#heard();
      this.#take(data);
    });
    on("close", ({ code }) => this.#closed(code));
    this.#socket = socket;
  }

  /** Send one word; false if there is no line: nothing is kept for later. */
  send(word) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(word));
    return true;
  }

  /** Somebody is there. Who then says nothing hangs: what stands here may be old. */
  #heard() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#socket.close(); // which may take long: it is lost now
      this.#closed(0);
    }, SILENT_MS);
  }

  #take(data) {
    if (data instanceof ArrayBuffer) {
      this.pictured(data);
      return;
    }
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return; // what cannot be read is no instruction
    }
    if (message?.kind === "scene" && message.scene) this.heard(message);
  }

  #closed(code) {
    clearTimeout(this.#silence);
    this.#socket = null;
    if (code === ELSEWHERE) {
      this.stands("elsewhere");
      return;
    }
    this.stands("down");
    const wait = this.#wait_ms * (0.75 + Math.random() / 2);
    this.#wait_ms = Math.min(MOST_MS, this.#wait_ms * 2);
    setTimeout(() => this.open(), wait);
  }
}
