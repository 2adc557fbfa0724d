// A person's name in this tab. Two tabs are two people: no two that are open begin under the same name.
//
// Each tab holds a lock on its name (Web Locks), so that another one sees that it is taken. A name that was
// typed is remembered, and the next tab that is free to have it begins with it. Where there are no locks (plain
// HTTP from another machine), each tab has a name by chance.

import { isText, ofThisTab, recall, remember } from "../site/storage.js";

const NAMES = [
  "Ada",
  "Alan",
  "Barbara",
  "Edsger",
  "Frances",
  "Grace",
  "Karen",
  "Ken",
  "Leslie",
  "Radia",
  "Tim",
];
const RELOAD_MS = 300; // in which the page that was here before has released its lock

/**
 * Return the name to begin with: this tab's, or else the one that was typed last, or else any.
 * @returns {Promise<string>}
 */
export async function firstName() {
  const mine = recall("author", isText, "", ofThisTab);
  if (mine && (await take(mine, { signal: AbortSignal.timeout(RELOAD_MS) }))) return mine;
  const typed = navigator.locks ? recall("author", isText, "") : "";
  const free = [typed, ...shuffled(NAMES)].filter((name) => name && name !== mine);
  for (const name of free) {
    if (await take(name, { ifAvailable: true })) return useInThisTab(name);
  }
  return useInThisTab(free[0]);
}

/** Remember a name that was typed. @param {string} name */
export function rememberName(name) {
  remember("author", name);
  useInThisTab(name);
  if (name) take(name, { ifAvailable: true });
}

/** @param {string} name */
function useInThisTab(name) {
  remember("author", name, ofThisTab);
  return name;
}

/**
 * Take the lock on a name, and hold it as long as the page lives.
 * @param {string} name
 * @param {LockOptions} how
 * @returns {Promise<boolean>} whether it was ours to take
 */
function take(name, how) {
  return new Promise((resolve) => {
    if (!navigator.locks) return resolve(true);
    const hold = (/** @type {Lock | null} */ lock) => {
      resolve(lock !== null);
      return lock && new Promise(() => {});
    };
    navigator.locks.request(`hold-the-line:author ${name}`, how, hold).catch(() => resolve(false));
  });
}

/** @param {string[]} names */
function shuffled(names) {
  const places = names.map((name) => ({ name, at: Math.random() }));
  return places.sort((a, b) => a.at - b.at).map(({ name }) => name);
}
