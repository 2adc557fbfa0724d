// <find-and-fix>: find the five lines that let the attacks in, and choose what to write there.
//
// The source is the site's own page of the file, so it is what really runs in <attack-lab>.

import { element } from "../site/element.js";

const FOLDER = "/source/tutorial/counterexamples/";
/** @type {[string, string, string][]} file, and the first lines of what is shown and of what isn't */
const SHOWN = [
  ["unlocked_chat.py", "class UnlockedHandler", "class PageFile"],
  ["unlocked_pages/show_markup.js", "export function show", "no such line"],
];

/**
 * @typedef {object} Hole
 * @property {RegExp} line  what its line has, and no harmless one
 * @property {string} attack  what it lets in
 * @property {[string, string][]} wrong  a fix, and what still works against it
 * @property {[string, string]} right  the fix, and why
 */

/** @type {Hole[]} */
const HOLES = [
  {
    line: /allow_other_origins|Access-Control-Allow/,
    attack: "Any page may read the answers",
    wrong: [
      [
        "Name every origin that ends with our host",
        "evil-chat.example ends with chat.example, and still reads.",
      ],
      ["Send * in its place", "Not with Ann’s cookie. But every page still reads what needs no cookie."],
    ],
    right: ["Send no CORS header", "Then a browser gives the answers to our own pages alone."],
  },
  {
    line: /get_cookie/,
    attack: "Any page posts as Ann, because her browser adds the cookie",
    wrong: [
      [
        "Make the cookie SameSite=Strict",
        "It already is. A page on another port is the same site, and still posts.",
      ],
      ["Send no CORS header", "The page can’t read the answer. Its message is in the room all the same."],
      [
        "Take a body only if it is JSON",
        "It is: text/plain says nothing about what is in it. It still posts.",
      ],
    ],
    right: ["Take the token that the page shows, and nothing else", "A page of another origin has none."],
  },
  {
    line: /check_origin|return True/,
    attack: "Any page opens a socket",
    wrong: [
      ["Compare the host names", "Mallory’s page has the same host, with another port. It still opens one."],
      ["Send no CORS header", "A browser doesn’t ask for it before a WebSocket. It still opens one."],
      ["Ask for the cookie", "The browser adds it to the handshake by itself. It still opens one."],
    ],
    right: ["Delete the method", "Tornado’s own compares the whole Origin with the Host."],
  },
  {
    line: /innerHTML/,
    attack: "A message runs as a script",
    wrong: [
      ["Remove <script> from each message", "Mallory’s message has none. Its onerror= still runs."],
      ["Make the cookie HttpOnly", "It already is. The script still reads the page, and needs no cookie."],
      [
        "Take 100 characters at most",
        "A picture whose onerror= loads the rest has about 50, and still runs.",
      ],
    ],
    right: ["Make an element, and set its textContent", "A text is never anything else."],
  },
  {
    line: /request\.uri/,
    attack: "The log has the token",
    wrong: [
      [
        "Serve it over https",
        "It hides the address on its way. The log is written at its end, and still has it.",
      ],
      ["Write the token in base64", "It looks different. A copy of it still opens the room."],
      ["Delete logs after a month", "Mallory uses it today."],
    ],
    right: ["Write the path, without the query", "What isn’t in the log can’t be read there."],
  },
];

class FindAndFix extends HTMLElement {
  #found = new Set();

  connectedCallback() {
    this.status = element(
      "p.lab-status",
      { role: "status" },
      "Five lines let the five attacks in. Mark them.",
    );
    this.show = element("button", { type: "button" }, "Show the source");
    this.show.addEventListener("click", () => this.#load());
    this.source = element("div.hole-source", {}, this.show);
    this.question = element("div.hole-question");
    const name = element("p.lab-name", {}, "Find it, and fix it");
    this.replaceChildren(name, this.status, this.source, this.question);
  }

  async #load() {
    this.show.disabled = true;
    try {
      const files = await Promise.all(SHOWN.map((one) => linesOf(...one)));
      const lines = files.flat().map((line) => this.#line(line));
      this.source.replaceChildren(element("pre", {}, ...lines));
      /** @type {HTMLElement | null} */ (this.source.querySelector("button"))?.focus();
    } catch {
      this.status.textContent = "The source can’t be had from this server.";
      this.show.disabled = false;
    }
  }

  /** Make a button of a line. @param {Element} line */
  #line(line) {
    const text = line.textContent ?? "";
    if (!text.trim()) return element("span.hole-line", {}, "\n");
    const made = element("button.hole-line", { type: "button" });
    made.append(...line.childNodes);
    made.addEventListener("click", () => this.#mark(made, text));
    return made;
  }

  #mark(button, text) {
    const hole = HOLES.find(({ line }) => line.test(text));
    if (hole) {
      this.#found.add(hole);
      button.classList.add("marked");
      button.ariaPressed = "true";
      this.#ask(hole);
    }
    const verdict = hole ? `${hole.attack}.` : `This line lets no attack in: ${text.trim()}`;
    this.status.textContent = `${verdict} ${this.#found.size} of ${HOLES.length} found.`;
  }

  /** Ask what to write in its place. @param {Hole} hole */
  #ask({ attack, wrong, right }) {
    const answer = element("p.hole-answer", { role: "status" });
    const fixes = [...wrong, right].sort(([one], [other]) => one.localeCompare(other));
    const buttons = fixes.map(([fix, why]) => {
      const button = element("button.quiet", { type: "button" }, fix);
      button.addEventListener("click", () => {
        answer.textContent = `${fix === right[0] ? "Yes." : "No."} ${why}`;
      });
      return button;
    });
    const title = element("p", {}, element("strong", {}, `${attack}. `), "Which of these fixes it?");
    this.question.replaceChildren(title, element("div.hole-fixes", {}, ...buttons), answer);
  }
}

/** Return the lines of a file, from one that begins so to before one that begins so. */
async function linesOf(file, first, last) {
  const response = await fetch(FOLDER + file);
  if (!response.ok) throw new Error(file);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const lines = Array.from(page.querySelectorAll("pre .line"));
  const begins = (start) => lines.findIndex((line) => line.textContent.startsWith(start));
  const end = begins(last);
  return lines.slice(begins(first), end < 0 ? undefined : end);
}

customElements.define("find-and-fix", FindAndFix);
