import { useState } from 'preact/hooks';
import { connectNow } from '../live/connection.ts';
import { postJson } from '../live/rest.ts';

/** Asks who somebody is, without leaving the page: what was looked at stays in the address. */
export function LoginView() {
  const [failure, setFailure] = useState('');
  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const given = [...new FormData(event.currentTarget as HTMLFormElement)].filter(
      ([, value]) => value !== '',
    );
    await postJson('login', Object.fromEntries(given)).then(connectNow, (error: Error) =>
      setFailure(error.message),
    );
  };
  return (
    <main class="login">
      <form class="card form" onSubmit={(event) => void send(event)}>
        <h1>qctl</h1>
        <p class="dim">This server shows itself only to those who have logged in.</p>
        <label>
          Token
          <input name="token" type="password" autocomplete="off" />
        </label>
        <details>
          <summary>With user and password</summary>
          <label>
            User
            <input name="user" autocomplete="username" />
          </label>
          <label>
            Password
            <input name="password" type="password" autocomplete="current-password" />
          </label>
        </details>
        <p class="outcome bad" role="alert">
          {failure}
        </p>
        <button type="submit" class="primary">
          Log in
        </button>
      </form>
    </main>
  );
}
