// What this browser remembers. Where it may store nothing, it remembers nothing.
//
// Other programs on the same address share the storage, so what is found there is checked like any other
// input.

const PREFIX = "hold-the-line:";

/**
 * Return what was remembered under a name.
 * @template T, D
 * @param {string} name
 * @param {(value: unknown) => value is T} isValid
 * @param {D} otherwise  when there is nothing, or nothing of this kind
 * @param {() => Storage} [storage]
 * @returns {T | D}
 */
export function recall(name, isValid, otherwise, storage = () => localStorage) {
  try {
    const value = JSON.parse(storage().getItem(PREFIX + name) ?? "null");
    return isValid(value) ? value : otherwise;
  } catch {
    return otherwise;
  }
}

/**
 * Remember a value; `null` forgets it.
 * @param {string} name
 * @param {unknown} value
 * @param {() => Storage} [storage]
 */
export function remember(name, value, storage = () => localStorage) {
  try {
    if (value === null) storage().removeItem(PREFIX + name);
    else storage().setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Storage may be switched off, or full; the page works without.
  }
}

/** For this tab alone: survives a reload and the way back. @returns {Storage} */
export const ofThisTab = () => sessionStorage;

/** @param {unknown} value @returns {value is string} */
export function isText(value) {
  return typeof value === "string";
}

/** @param {unknown} value @returns {value is boolean} */
export function isBoolean(value) {
  return typeof value === "boolean";
}
