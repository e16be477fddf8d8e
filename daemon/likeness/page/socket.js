// The line to the daemon: opens it again by itself, and always says truly whether it
// stands. Leaves to others: what the messages mean.

const FIRST_MS = 250;
const MOST_MS = 4000;
const ELSEWHERE = 4001; // another window took over; it is not taken back by itself

export class Line {
  #socket = null;
  #wait_ms = FIRST_MS;

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
    socket.addEventListener("open", () => {
      this.#wait_ms = FIRST_MS;
      this.stands("up");
    });
    socket.addEventListener("message", ({ data }) => this.#take(data));
    socket.addEventListener("close", ({ code }) => this.#closed(code));
    this.#socket = socket;
  }

  /** Send one word; false if there is no line: nothing is kept for later. */
  send(word) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(word));
    return true;
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
