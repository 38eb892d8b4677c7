import { useState } from 'preact/hooks';
import type { OpenedLetter } from '../../src/overview/index.ts';
import { encoded } from '../lib/place.ts';
import { useRest } from '../live/rest.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Notice } from '../parts/frame.tsx';
import { Count, Facts, Time, Unknown } from '../parts/value.tsx';
import { Body } from './body.tsx';

/** One message opened: where it came from, why it died, and each of its fields. */
export function LetterDialog({ stream, id, close }: { stream: string; id: string; close: () => void }) {
  const { data, error } = useRest<OpenedLetter>(`api/dlq/${encoded(stream)}/${encoded(id)}`);
  return (
    <Dialog title={`Message ${id}`} wide close={close}>
      {error && <Notice tone="bad">{error}</Notice>}
      {!data && !error && <p class="dim">Opening…</p>}
      {data && <Letter letter={data} />}
    </Dialog>
  );
}

function Letter({ letter }: { letter: OpenedLetter }) {
  const names = Object.keys(letter.fields);
  const [chosen, setChosen] = useState(names.includes('body') ? 'body' : (names[0] ?? ''));
  return (
    <>
      <p>
        <span class="dim">Reason </span>
        {letter.reason ?? <Unknown why="none was given" />}
      </p>
      <Facts
        of={[
          ['Died', <Time at={letter.diedAt} />],
          ['Deliveries', <Count value={letter.deliveries} why="nobody has recorded it" />],
        ]}
      />
      {names.length === 0 && <p class="dim">It has no fields.</p>}
      {names.length > 1 && (
        <label class="field-choice">
          Field
          <select value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
            {names.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      {names.length === 1 && (
        <p class="field-choice">
          Field <code>{chosen}</code>
        </p>
      )}
      {names.length > 0 && (
        <Body
          key={chosen}
          name={chosen}
          text={letter.fields[chosen] ?? ''}
          binary={letter.base64.includes(chosen)}
          cut={letter.cut.includes(chosen)}
        />
      )}
    </>
  );
}
