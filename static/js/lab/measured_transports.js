// The transports that the runs on the server compare: an event stream costs what a WebSocket costs, so it is
// left out.

import { TRANSPORTS } from "../transports.js";

export const MEASURED = TRANSPORTS.filter(({ name }) => name !== "server-sent-events");

/**
 * Return the stem that a transport's values have in a result: "short" of "short-polling".
 * @param {{name: string}} transport
 */
export function stemOf({ name }) {
  return name.split("-")[0];
}
