// The chat by Node's standard library alone: node tutorial/other_servers/chat.mjs 9000
//
// Short and long polling and events. It knows the wire contract, and nothing of the project's own server.
// `since` says what follows a cursor; `wait` lasts until the next message, or until the client has gone.

import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { STATUS_CODES, createServer } from "node:http";

const [PORT = 9000, HISTORY = 1000] = process.argv.slice(2).map(Number);
const EPOCH = randomBytes(4).toString("hex"); // the log lies in memory, so each start is an epoch of its own
const [LIMIT, KEYS, BODY_BYTES, HEARTBEAT_SECONDS] = [100, 1000, 16384, 20];
const rooms = new Map();
EventEmitter.defaultMaxListeners = 0; // as many readers as come

function demand(condition, status, detail, headers = {}) {
  if (!condition) throw Object.assign(new Error(detail), { status, headers });
}

class Room extends EventEmitter {
  messages = []; // the retained ones, as JSON: each is encoded once
  newest = 0;
  keys = new Map();

  post({ author, text, key }) {
    const ack = (id, duplicate) => ({ type: "ack", key, id, cursor: `${EPOCH}:${id}`, duplicate });
    if (this.keys.has(key)) return ack(this.keys.get(key), true);
    const id = ++this.newest;
    this.messages.push(JSON.stringify({ id, author, text, sent_at: Date.now() / 1000, key }));
    if (this.messages.length > HISTORY) this.messages.shift();
    if (key) this.keys.set(key, id);
    if (this.keys.size > KEYS) this.keys.delete(this.keys.keys().next().value);
    this.emit("message");
    return ack(id, false);
  }

  since(start, limit) {
    const trimmed = this.newest - this.messages.length; // the id before the oldest retained message
    const words = { "": Math.max(trimmed, this.newest - limit), now: this.newest, oldest: trimmed };
    const [epoch, after = words[start]] = start.split(":");
    const gap = !(start in words) && (epoch !== EPOCH || after > this.newest || after < trimmed);
    const from = gap ? 0 : after - trimmed;
    const found = this.messages.slice(from, from + limit);
    const last = trimmed + from + found.length;
    const cursor = `${EPOCH}:${last}`;
    const head = JSON.stringify({ type: "batch", room: this.name, cursor, gap, more: last < this.newest });
    return { last, cursor, hasNews: gap || found.length > 0, json: `${head.slice(0, -1)},"messages":[${found}]}` };
  }

  wait(seconds, gone) {
    const signal = AbortSignal.any([AbortSignal.timeout(seconds * 1000), gone]);
    return once(this, "message", { signal }).catch(() => {});
  }
}

function startOf(request, query) {
  const start = request.headers["last-event-id"] || query.get("lastEventId") || query.get("cursor") || "";
  demand(/^(|now|oldest|[0-9a-f]{8}:\d{1,15})$/.test(start), 400, "cursor: give back one that you got");
  return start;
}

function numberOf(query, name, form, usual, least, most) {
  const text = query.get(name) || String(usual);
  demand(form.test(text) && text >= least && text <= most, 400, `${name}: ${least} to ${most}`);
  return Number(text);
}

async function poll(room, request, response, { query, gone }, holds) {
  const limit = numberOf(query, "limit", /^\d+$/, LIMIT, 1, LIMIT);
  const seconds = holds ? numberOf(query, "wait", /^\d+(\.\d+)?$/, 25, 0, 55) : 0;
  const { json, cursor, hasNews } = room.since(startOf(request, query), limit);
  if (hasNews || !seconds) return answer(response, 200, json);
  const began = performance.now(); // `wait` follows `since` with no await between: no message is missed
  await room.wait(seconds, gone);
  const headers = { "Server-Timing": `hold;dur=${performance.now() - began}` };
  return answer(response, 200, room.since(cursor, limit).json, headers);
}

async function stream(room, request, response, { query, gone }) {
  let start = startOf(request, query);
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  response.write(`retry: ${500 + Math.floor(2500 * Math.random())}\n\n`);
  while (!gone.aborted) {
    const { last, cursor, json } = room.since(start, LIMIT); // without news it is the heartbeat
    const ready = response.write(`event: batch\ndata: ${json}\nid: ${cursor}\n\n`);
    if (!ready) await once(response, "drain", { signal: gone }).catch(() => {});
    if (last === room.newest) await room.wait(HEARTBEAT_SECONDS, gone);
    start = cursor;
  }
}

async function take(room, request, response) {
  const { "content-type": type, "content-encoding": encoding } = request.headers;
  demand(/^application\/json *(;|$)/.test(type) && !encoding, 415, "send application/json");
  let body = Buffer.alloc(0);
  for await (const chunk of request) body = Buffer.concat([body, chunk]).subarray(0, BODY_BYTES + 1);
  demand(body.length <= BODY_BYTES, 413, `a body may have ${BODY_BYTES} bytes`);
  const ack = room.post(draftOf(body));
  answer(response, ack.duplicate ? 200 : 201, JSON.stringify(ack));
}

function draftOf(body) {
  let fields;
  try {
    fields = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {} // refused below
  demand(fields?.constructor === Object, 400, "send a JSON object in UTF-8");
  for (const [name, most] of Object.entries({ author: 32, text: 2000, key: 64 })) {
    if (name === "key" && fields.key == null) continue;
    const value = fields[name];
    const length = typeof value === "string" ? [...value].length : 0;
    demand(length >= 1 && length <= most, 422, `${name}: a string of 1 to ${most} characters`);
    demand(value.isWellFormed(), 400, `${name}: a lone surrogate is no character`);
  }
  demand(!/^\p{White_Space}*$/u.test(fields.text), 422, "text: it is blank");
  return { ...fields, key: fields.key ?? undefined };
}

function answer(response, status, json, headers = {}) {
  const type = status < 400 ? "application/json" : "application/problem+json";
  response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store", ...headers }).end(json);
}

const ROUTES = {
  messages: ["POST", take],
  "short-polling": ["GET", poll],
  "long-polling": ["GET", (...given) => poll(...given, true)],
  "server-sent-events": ["GET", stream],
};

async function route(request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  const [, name, what] = /^\/rooms\/([a-z0-9-]{1,64})\/([a-z-]+)$/.exec(pathname) ?? [];
  demand(Object.hasOwn(ROUTES, `${what}`), 404, "there is no such path");
  const [method, handle] = ROUTES[what];
  demand(request.method === method, 405, `use ${method}`, { Allow: method });
  demand(!/^(cross|same)-site$/.test(request.headers["sec-fetch-site"]), 403, "another site’s page");
  if (!rooms.has(name)) rooms.set(name, Object.assign(new Room(), { name }));
  const leaving = new AbortController();
  response.on("close", () => leaving.abort());
  return handle(rooms.get(name), request, response, { query: searchParams, gone: leaving.signal });
}

createServer((request, response) => {
  route(request, response).catch((error) => {
    const { status = 400, message: detail, headers } = error;
    const problem = { type: "about:blank", title: STATUS_CODES[status], status, detail };
    answer(response, status, JSON.stringify(problem), headers);
  });
}).listen(PORT, "127.0.0.1");
