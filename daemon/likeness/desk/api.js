// Talks to the desk's API. The token is shown once; after that the browser's own cookie
// speaks, which no script can read. Leaves to others: what is shown.

/** What the desk refused; `code` is the end of its type. */
export class Refused extends Error {
  constructor(problem, status) {
    super(problem.detail ?? "");
    this.status = status;
    this.code = String(problem.type ?? "").split(":").pop();
    this.title = problem.title ?? "";
  }
}

/** The daemon gave no answer at all. */
export class Lost extends Error {}

async function ask(method, path, { body, headers } = {}) {
  const json = body === undefined ? {} : { "Content-Type": "application/json" };
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: { ...json, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(15000),
    });
  } catch (fault) {
    throw new Lost(String(fault));
  }
  const is_json = answer.headers.get("Content-Type")?.includes("json");
  const said = is_json ? await answer.json() : {};
  if (!answer.ok) throw new Refused(said, answer.status);
  return said;
}

const at = (transaction) => `/v1/visits/${encodeURIComponent(transaction)}`;

export const logIn = (token) =>
  ask("POST", "/v1/session", { headers: { Authorization: `Bearer ${token}` } });
export const logOut = () => ask("DELETE", "/v1/session");
export const health = () => ask("GET", "/v1/health");
export const openVisit = (transaction, purpose) =>
  ask("POST", "/v1/visits", { body: { transaction, purpose } });
export const cancel = (transaction) => ask("POST", `${at(transaction)}/cancel`);
export const decide = (transaction, body) =>
  ask("POST", `${at(transaction)}/decision`, { body });
export const answerCall = (id) => ask("POST", `/v1/calls/${id}/answer`);
export const resultOf = (transaction) => `${at(transaction)}/result`;

const SILENT_MS = 12000; // the desk says something every 5 s
const AGAIN_MS = 2000;

/** Tells what changes, and when nobody answers; begins anew by itself until ended. */
export class Events {
  #source = null;
  #watch = 0;
  #ended = false;

  constructor({ news, lost, refused }) {
    this.news = news;
    this.lost = lost;
    this.refused = refused;
    this.#begin();
  }

  end() {
    this.#ended = true;
    this.#stop();
  }

  #begin() {
    if (this.#ended) return;
    let first = true;
    this.#source = new EventSource("/v1/events");
    this.#source.addEventListener("message", (event) => {
      this.#heard();
      this.news(JSON.parse(event.data), first);
      first = false;
    });
    this.#source.addEventListener("still", () => this.#heard());
    this.#source.addEventListener("error", () => this.#again());
    this.#heard();
  }

  #heard() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#again(), SILENT_MS);
  }

  #stop() {
    clearTimeout(this.#watch);
    this.#source?.close();
  }

  async #again() {
    this.#stop();
    try {
      await health();
    } catch (fault) {
      if (fault instanceof Refused && fault.status === 401) {
        this.#ended = true;
        this.refused();
        return;
      }
      if (!this.#ended) this.lost();
    }
    if (!this.#ended) setTimeout(() => this.#begin(), AGAIN_MS);
  }
}
