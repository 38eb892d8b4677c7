import { useEffect, useState } from 'preact/hooks';
import { place } from '../lib/place-store.ts';
import { createStore, useStore } from '../lib/store.ts';
import { live } from '../live/connection.ts';
import { postJson } from '../live/rest.ts';
import { Dialog } from './dialog.tsx';

interface ActionProps {
  /** On the button: `Trip`. */
  label: string;
  /** What is done to whom: `Trip breaker payments`. */
  title: string;
  /** What that means for those who are at work. */
  means: string;
  /** Behind `api/actions/`. */
  path: string;
  danger?: boolean;
  /** What else is said, such as which step is meant. */
  says?: Record<string, string>;
  /** A span such as `5m` may be given. */
  forHow?: string;
}

/** What is asked for now, as it was when its button was pressed: the button may be gone before the answer is there. */
const asked = createStore<ActionProps | null>(null);

/** A button that is there only for those who may act. It asks for a reason, and shows what came of it. */
export function Action(props: ActionProps) {
  const { actions, link } = useStore(live);
  if (!actions) return null;
  return (
    <button
      type="button"
      class={props.danger ? 'danger small' : 'small'}
      aria-label={props.title}
      disabled={link !== 'live'}
      onClick={() => asked.set(props)}
    >
      {props.label}
    </button>
  );
}

/** Where all of them ask. It stays when the view behind it changes, and goes with its place. */
export function AskedAction() {
  const { actions } = useStore(live);
  const here = useStore(place);
  const action = useStore(asked);
  const close = (): void => asked.set(null);
  useEffect(() => close, [here]);
  if (!actions || !action) return null;
  return <ActionDialog {...action} csrfToken={actions.csrfToken} close={close} />;
}

type Outcome = { done: boolean; text: string } | 'underway' | null;

function ActionDialog(props: ActionProps & { csrfToken: string; close: () => void }) {
  const { title, means, path, danger, says, forHow, csrfToken, close } = props;
  const [outcome, setOutcome] = useState<Outcome>(null);
  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const body = { ...says, ...Object.fromEntries([...given].filter(([, value]) => value !== '')) };
    setOutcome('underway');
    const next = await postJson<{ audit: string }>(`api/actions/${path}`, body, csrfToken).then(
      ({ audit }) => ({ done: true, text: `Done. It stands in the audit as ${audit}.` }),
      (error: Error) => ({ done: false, text: error.message }),
    );
    setOutcome(next);
  };
  const done = outcome !== null && outcome !== 'underway' && outcome.done;
  return (
    <Dialog title={title} close={close}>
      <p>{means}</p>
      {!done && (
        <form class="form" id="action" onSubmit={send}>
          <label>
            Reason
            <input
              name="reason"
              required
              maxLength={200}
              autocomplete="off"
              placeholder="who asked, which incident"
            />
          </label>
          {forHow !== undefined && (
            <label>
              For how long
              <input
                name="for"
                pattern="(\d+(\.\d+)?(ms|s|m|h|d))+"
                placeholder={forHow}
                autocomplete="off"
              />
            </label>
          )}
        </form>
      )}
      <p class={done ? 'outcome good' : 'outcome bad'} role="status">
        {outcome === 'underway' ? 'Sending…' : outcome?.text}
      </p>
      <div class="buttons">
        <button type="button" onClick={close}>
          {done ? 'Close' : 'Cancel'}
        </button>
        {!done && (
          <button
            type="submit"
            form="action"
            class={danger ? 'danger' : 'primary'}
            disabled={outcome === 'underway'}
          >
            {props.label}
          </button>
        )}
      </div>
    </Dialog>
  );
}
