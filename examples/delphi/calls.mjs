// The calls that old and new workers make for an alert.
const { WAZUH_API, LLM_API, EMAIL_API } = process.env;

/** Who the agent is, as Wazuh knows it. */
export function askWazuh({ agent }) {
  return call(`${WAZUH_API}/agents/${agent.id}`);
}

/** What the alert means, in words for people. */
export function askLlm(alert, agent) {
  return call(`${LLM_API}/analyse`, { alert, agent });
}

/** One mail an alert; `by` tells who has sent it. */
export function sendMail({ id }, text, by) {
  return call(`${EMAIL_API}/mails`, { id, text, by });
}

async function call(url, body) {
  const sent = body && { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url, { ...sent, signal: AbortSignal.timeout(20_000) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.json();
}
