// The words of the wire contract, and what a transport is to the code that uses one: types alone, no code.
//
// They stand apart from the table of transports, so that what the transports themselves are built from can
// use these words without knowing which transports there are.

/**
 * @typedef {object} Message  as the wire contract says
 * @property {number} id
 * @property {string} author
 * @property {string} text
 * @property {number} sent_at  seconds since 1970, on the server's clock
 * @property {string} [key]
 *
 * @typedef {{cursor: string, gap: boolean, more: boolean, messages: Message[]}} Batch
 * @typedef {{author: string, text: string, key: string}} Draft
 * @typedef {{id: number, cursor: string, duplicate: boolean}} Ack
 * @typedef {(draft: Draft) => Promise<Ack>} Send
 *
 * @typedef {object} State  what a connection does now; times in ms, as `performance.now()` gives them
 * @property {"requesting" | "resting" | "held" | "connecting" | "open" | "retrying" | "refused"} name
 * @property {number} [since]
 * @property {number} [until]
 * @property {string} [why]
 * @property {Send} [send]  an open WebSocket carries messages to the server, too
 * @property {Transport} [over]  which transport the automatic one uses
 * @property {Transport[]} [failed]  better ones that did not work here
 * @property {number} [betterAt]  when they are tried again
 *
 * @typedef {EventTarget & {send: (text: string) => void, close: () => void}} Socket
 * @typedef {EventTarget & {readyState: number, close: () => void}} EventStream
 *
 * @typedef {object} Network  what reaches the server: the browser's own, or one that counts bytes
 * @property {(address: string, request?: RequestInit) => Promise<Response>} fetch
 * @property {new (url: string) => Socket} WebSocket
 * @property {new (url: string) => EventStream} EventSource
 *
 * @typedef {object} Reading  what a transport needs in order to read a room
 * @property {string | null} cursor  where to go on; null: with the newest messages
 * @property {(batch: Batch, over?: Transport) => void} onBatch  `over`: which transport delivered it, if the
 *   one that was asked to read uses others
 * @property {(state: State) => void} onState
 * @property {AbortSignal} signal  ends it
 * @property {Network} [network]
 *
 * @typedef {object} Transport
 * @property {string} name  as in addresses
 * @property {string} label  as in prose
 * @property {string} summary  what it does, in a sentence
 * @property {boolean} pushes  whether it holds a connection open, and not a request
 * @property {number} preference  1 is tried first by the automatic transport
 * @property {(url: string, reading: Reading) => Promise<void>} connect  reads until the signal aborts
 */

export {};
