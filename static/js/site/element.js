// Making elements. Text only ever becomes text: there is no way in here for markup from a message.

/**
 * Make an element.
 * @param {string} kind  tag and classes, as `"p.note.small"`
 * @param {Record<string, unknown>} [properties]  attributes when the element has no such property
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(kind, properties = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const made = document.createElement(tag);
  made.classList.add(...classes);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

/**
 * Make an SVG element.
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...Node} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/**
 * Draw a transport's shape; its label stands beside it, so it is hidden from those who listen.
 * @param {import("../client/contract.js").Transport} transport
 * @returns {SVGElement}
 */
export function shapeOf({ name }) {
  return svg("svg", { class: "shape", "aria-hidden": "true" }, svg("use", { href: `/static/shapes.svg#${name}` }));
}

let made = 0;

/**
 * Make an id that no other element has.
 * @param {string} stem
 * @returns {string}
 */
export function uniqueId(stem) {
  made += 1;
  return `${stem}-${made}`;
}
