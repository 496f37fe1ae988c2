// What the page asks of the service. Every answer is what docs/openapi/v1.json says of it; a problem becomes an error with its words.

export class Problem extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** Asks, and reads the answer. */
export async function ask(address, parameters = {}, signal = undefined) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined));
  return read(await fetch(query.size > 0 ? `${address}?${query}` : address, { signal }));
}

/** Sends a key once; the browser keeps the cookie that comes back. */
export async function logIn(key) {
  await read(await fetch("v1/session", { method: "POST", headers: { "X-Api-Key": key } }));
}

export async function logOut() {
  await read(await fetch("v1/session", { method: "DELETE" }));
}

/** Tells every total of a video, from now on; returns what ends it. */
export function watch(video, type, tell) {
  const source = new EventSource(`v1/videos/${encodeURIComponent(video)}/live?${new URLSearchParams({ type })}`);
  source.addEventListener("count", event => tell(JSON.parse(event.data).count));
  return () => source.close();
}

async function read(answer) {
  if (answer.status === 204) return null;
  const body = await answer.json().catch(() => null); // what stands between us and the service may answer in its own words
  if (answer.ok && body !== null) return body;
  throw new Problem(answer.status, body?.code, body?.detail ?? `The service answered ${answer.status}.`);
}
