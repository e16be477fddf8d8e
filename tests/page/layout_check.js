// Returns what is wrong with the layout of the page as it stands: text that is cut, runs
// out of the window or under something else, targets that are too small.
(() => {
  const wrong = [];
  const root = document.documentElement;
  delete root.dataset.new; // for half a second it hears no tap: covered is another matter
  const modal = document.querySelector("dialog[open]");
  const scope = modal ?? document.body;
  const name = (one) =>
    `${one.tagName.toLowerCase()}#${one.id}.${one.className?.baseVal ?? one.className}` +
    ` "${one.textContent.trim().slice(0, 30)}"`;
  const scroller = (one) => one.closest(".consent, .numbers");
  const seen = (one) =>
    one.getClientRects().length > 0 && getComputedStyle(one).visibility === "visible";
  if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) {
    wrong.push("the page scrolls");
  }
  const all = [...scope.querySelectorAll("*")].filter(seen);
  const texts = all.filter(
    (one) =>
      !one.closest("svg") &&
      [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()),
  );
  const buttons = all.filter((one) => one.matches("button, input"));
  for (const one of texts) {
    if (parseFloat(getComputedStyle(one).fontSize) < 12.9) wrong.push(`tiny: ${name(one)}`);
    for (let box = one; box && box !== root; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (style.display === "inline" || style.display === "contents") continue;
      const vertical = scroller(box) === null || scroller(box) !== box;
      if (box.scrollWidth > box.clientWidth + 1 && style.overflowX !== "visible") {
        wrong.push(`cut at its side: ${name(box)}`);
      }
      if (vertical && box.scrollHeight > box.clientHeight + 1 && style.overflowY !== "visible") {
        wrong.push(`cut below: ${name(box)}`);
      }
    }
    const range = document.createRange();
    range.selectNodeContents(one);
    const within = scroller(one)?.getBoundingClientRect();
    for (const line of range.getClientRects()) {
      if (line.left < -1 || line.right > innerWidth + 1) wrong.push(`out: ${name(one)}`);
      if (!within && (line.top < -1 || line.bottom > innerHeight + 1)) {
        wrong.push(`out: ${name(one)}`);
      }
      const button = one.closest("button")?.getBoundingClientRect();
      if (
        button &&
        (line.left < button.left - 1 ||
          line.right > button.right + 1 ||
          line.top < button.top - 4 ||
          line.bottom > button.bottom + 4)
      ) {
        wrong.push(`runs out of its button: ${name(one)}`);
      }
    }
  }
  for (const one of buttons) {
    const box = one.getBoundingClientRect();
    if (box.width < 47.9 || box.height < 47.9) {
      wrong.push(`smaller than 48 px: ${name(one)} ${box.width} × ${box.height}`);
    }
    if (scroller(one)) continue;
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    if (!one.contains(top)) wrong.push(`covered: ${name(one)}`);
  }
  const drawn = all.filter((one) => one.matches(".figure, .picture, .keypad"));
  const blocks = [...new Set([...texts, ...buttons, ...drawn])].filter(
    (one) => !scroller(one),
  );
  for (const [place, one] of blocks.entries()) {
    for (const other of blocks.slice(place + 1)) {
      if (one.contains(other) || other.contains(one)) continue;
      const a = one.getBoundingClientRect();
      const b = other.getBoundingClientRect();
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 2 && high > 2) wrong.push(`${name(one)} lies over ${name(other)}`);
    }
  }
  return [...new Set(wrong)];
})()
