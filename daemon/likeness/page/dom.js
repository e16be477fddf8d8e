// Builds elements; text goes in as text, so that nothing from outside is ever markup.

const SVG = "http://www.w3.org/2000/svg";

function built(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== ""));
  return node;
}

/** An HTML element; attributes named `on…` are listeners, null and false are left out. */
export function el(name, attributes = {}, ...children) {
  return built(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes = {}, ...children) {
  return built(document.createElementNS(SVG, name), attributes, children);
}

/** The element of this id, which index.html has. */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Fill a region only if its key changed, so that focus, animation and what was typed
 * stay where they are.
 */
export function place(region, key, build) {
  if (region.dataset.key === key) return false;
  region.dataset.key = key;
  region.replaceChildren(...[build()].flat().filter((child) => child !== null));
  return true;
}
