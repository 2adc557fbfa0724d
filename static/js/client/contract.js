// The words of the wire contract, and what a transport is to the code that uses one: types alone, no code.
//
// They stand apart from the table of transports, so that what the transports themselves are built from can use
// these words without knowing which transports there are.

/**
 * @typedef {object} Message  as the wire contract says
 * @property {number} id
 * @property {string} author
 * @property {string} text
 * @property {number} sent_at  seconds since 1970, on the server's clock
 * @property {string} [key]
 *
 * @typedef {{cursor: string, gap: boolean, more: boolean, messages: Message[]}} Batch
 *
 * @typedef {object} State  what a connection does at this moment; times in ms, as `performance.now()` gives them
 * @property {"asking" | "resting" | "held" | "connecting" | "open" | "retrying" | "refused"} name
 * @property {number} [since]
 * @property {number} [until]
 * @property {string} [why]
 * @property {(draft: object) => Promise<object>} [send]  a way up of its own (an open WebSocket has one)
 *
 * @typedef {object} Connecting
 * @property {string | null} cursor  where to go on; null: with the newest messages
 * @property {(batch: Batch) => void} onBatch
 * @property {(state: State) => void} onState
 * @property {AbortSignal} signal  ends it
 * @property {{fetch: typeof fetch, WebSocket: typeof WebSocket, EventSource: typeof EventSource}} [wire]  the browser's own, or one that counts
 *
 * @typedef {object} Transport
 * @property {string} name  as in addresses
 * @property {string} label  as in prose
 * @property {string} way  what it does, in a few words
 * @property {(url: string, how: Connecting) => Promise<void>} connect
 */

export {};
