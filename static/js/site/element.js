// Making elements. Text only ever becomes text: there is no way in here for markup from a message.

/**
 * @template {string} Tag
 * @typedef {Tag extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[Tag] : HTMLElement} Named
 */

/**
 * @template {string} Kind
 * @typedef {Kind extends `${infer Tag}.${string}` ? Named<Tag> : Named<Kind>} Made
 */

/**
 * Make an element.
 * @template {string} Kind
 * @param {Kind} kind  tag and classes, as `"p.note.small"`
 * @param {Record<string, unknown>} [properties]  attributes when the element has no such property, or is a custom one
 * @param {...(Node | string)} children
 * @returns {Made<Kind>}
 */
export function element(kind, properties = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const made = /** @type {any} */ (document.createElement(tag));
  made.classList.add(...classes);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && !tag.includes("-")) made[name] = value;
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
  const made = /** @type {SVGElement} */ (document.createElementNS("http://www.w3.org/2000/svg", tag));
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/**
 * Draw a transport's shape (css/transports.css); its label stands beside it, so screen readers skip it.
 * @param {{name: string}} transport
 */
export function shapeOf({ name }) {
  return element("span.shape", { "data-transport": name, ariaHidden: "true" });
}

let made = 0;

/**
 * Return an id that no other element has.
 * @param {string} stem
 */
export function uniqueId(stem) {
  made += 1;
  return `${stem}-${made}`;
}
