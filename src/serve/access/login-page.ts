import type { Credentials } from './credentials.ts';

/** The form, without a script. */
export function loginPage({ kinds }: Credentials, failure?: string): string {
  const asks = [
    ...(kinds.users
      ? [
          field('user', 'User', 'text', 'username'),
          field('password', 'Password', 'password', 'current-password'),
        ]
      : []),
    ...(kinds.users && kinds.token ? ['<p>or</p>'] : []),
    ...(kinds.token ? [field('token', 'Token', 'password', 'off')] : []),
  ];
  const told = failure === undefined ? '' : `<p role="alert">${failure}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Log in - qctl</title>
<link rel="stylesheet" href="/login.css">
</head>
<body>
<main>
<h1>qctl</h1>
${told}
<form method="post" action="/login">
${asks.join('\n')}
<button type="submit">Log in</button>
</form>
</main>
</body>
</html>
`;
}

function field(name: string, label: string, type: string, autocomplete: string): string {
  return `<label>${label} <input name="${name}" type="${type}" autocomplete="${autocomplete}" autocapitalize="off" spellcheck="false"></label>`;
}

/** How it looks. */
export const LOGIN_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { display: grid; min-height: 100vh; margin: 0; place-items: center; }
main { width: min(20rem, 90vw); }
form { display: grid; gap: 1rem; }
label { display: grid; gap: 0.25rem; }
input, button { font: inherit; padding: 0.5rem; }
p { margin: 0; }
[role=alert] { margin-bottom: 1rem; border-left: 0.25rem solid #c62828; padding-left: 0.75rem; }
`;
