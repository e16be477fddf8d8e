// Puts in what has changed, piece by piece; what is shown is drawn by the server alone.

const SPEAKS_EVERY_MS = 15_000;
const live = document.getElementById("live");
const news = document.getElementById("news");
const pause = document.getElementById("pause");
const address = document.body.dataset.events + location.search;

let source = null;
let spoken = "";
let spokenAt = 0;

/** Replace one piece; who stands on a link in it stands on the same link again. */
function put(id, html) {
  const old = document.getElementById(id);
  if (!old) return;
  const held = document.createElement("template");
  held.innerHTML = html;
  const piece = held.content.firstElementChild;
  if (!piece) return;
  const here = document.activeElement;
  const link = old.contains(here) ? here.getAttribute("href") : null;
  old.replaceWith(piece);
  if (link !== null) {
    const same = [...document.querySelectorAll("main a")].find((one) => one.getAttribute("href") === link);
    (same ?? piece.querySelector("a") ?? document.getElementById("main")).focus({ preventScroll: true });
  }
}

/** Tell a screen reader how many there are of each state, and not all the time. */
function speak() {
  const tiles = [...document.querySelectorAll("#counts a")].map((one) => one.textContent.trim());
  const said = tiles.join(", ");
  if (said !== spoken && Date.now() - spokenAt > SPEAKS_EVERY_MS) {
    if (spoken) news.textContent = said;
    [spoken, spokenAt] = [said, Date.now()];
  }
}

function take(event) {
  for (const [id, html] of Object.entries(JSON.parse(event.data))) {
    if (event.type === "some" || document.getElementById(id)?.outerHTML !== html) put(id, html);
  }
  say("Live");
  speak();
}

function say(text) {
  if (live.textContent !== text) live.textContent = text;
}

function follow() {
  source = new EventSource(address);
  source.addEventListener("all", take);
  source.addEventListener("some", take);
  source.addEventListener("still", () => say("Live"));
  source.addEventListener("error", () => say("No connection to the server: what is shown grows old"));
  pause.textContent = "Pause";
}

pause.addEventListener("click", () => {
  if (source) {
    source.close();
    source = null;
    pause.textContent = "Go on";
    say("Paused");
  } else {
    follow();
  }
});

// What is not filled in makes no address longer.
document.getElementById("filter")?.addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
});

pause.hidden = false;
follow();
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => { if (event.persisted && source) follow(); });
