// Requests that change something, and what the server says against them.

/**
 * @param {"POST" | "PUT"} method
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<string>} What went wrong; empty if nothing did.
 */
export async function ask(method, path, body) {
  try {
    const answer = await fetch(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (answer.ok) return "";
    const problem = await answer.json().catch(() => ({}));
    return problem.detail ?? problem.title ?? `the server answers ${answer.status}`;
  } catch {
    return "the server does not answer";
  }
}
