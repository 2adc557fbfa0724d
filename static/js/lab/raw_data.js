// Raw data: a result as a file that others can read.

/** Write a result as JSON. @param {any} result  with its settings */
export function asJson({ raw, seed, warmUp, settings, conditions, values, n = raw.length }) {
  return JSON.stringify(
    {
      n,
      seed,
      warmUp,
      settings: { ...conditions, ...Object.fromEntries(settings.map(({ name, value }) => [name, value])) },
      values,
      measuredAt: new Date().toISOString(),
      browser: navigator.userAgent,
      raw,
    },
    null,
    1,
  );
}

/** Write a result’s records as lines of comma-separated values. @param {import("./lab.js").Result} result */
export function asCsv({ raw }) {
  const heads = [...new Set(raw.flatMap(Object.keys))];
  const cell = (value) =>
    /[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? "");
  return [heads, ...raw.map((record) => heads.map((head) => record[head]))]
    .map((line) => line.map(cell).join(","))
    .join("\n");
}
