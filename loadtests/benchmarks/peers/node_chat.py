"""ws on Node: `send` to each client in turn. It must be where Node looks for it (`npm install ws` in this folder)."""

import os

CHAT = """
const { WebSocketServer } = require("ws");
const http = require("http");
const server = http.createServer();
const chat = new WebSocketServer({ server, perMessageDeflate: false });
chat.on("connection", (one) => one.on("message", (data) => {
  const text = data.toString();
  for (const other of chat.clients) other.send(text);
}));
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => console.log(`:${server.address().port}/`));
"""

os.execvp("node", ["node", "-e", CHAT])
