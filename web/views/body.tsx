import { useMemo, useState } from 'preact/hooks';
import { formatBytes } from '../lib/format.ts';
import { fromBase64, hexDump } from '../lib/hex.ts';
import { reindent } from '../lib/reindent.ts';
import { Tabs } from '../parts/tabs.tsx';

type Form = 'Text' | 'JSON' | 'Hex';

interface BodyProps {
  name: string;
  text: string;
  /** The text is base64 of bytes that are no UTF-8. */
  binary: boolean;
  /** It is longer than what was sent. */
  cut: boolean;
}

/** More of a hex dump is not drawn: it is five times as long as the bytes. */
const MOST_HEX = 64 * 1024;

/** One field of a message, always as text: what looks like markup is shown, never run. */
export function Body({ name, text, binary, cut }: BodyProps) {
  const bytes = useMemo(() => (binary ? fromBase64(text) : new TextEncoder().encode(text)), [text, binary]);
  const json = useMemo(() => (binary ? undefined : reindent(text)), [text, binary]);
  const forms: Form[] = binary ? ['Hex'] : json === undefined ? ['Text', 'Hex'] : ['JSON', 'Text', 'Hex'];
  const [form, setForm] = useState<Form>(forms[0]!);
  const shown = form === 'Hex' ? hexDump(bytes.subarray(0, MOST_HEX)) : form === 'JSON' ? json! : text;
  const copied = form === 'Hex' && binary ? text : form === 'Hex' ? shown : form === 'JSON' ? json! : text;
  return (
    <div class="body">
      <div class="body-head">
        <Tabs
          label={`How ${name} is shown`}
          names={forms}
          chosen={form}
          choose={setForm}
          panel="body-panel"
        />
        <span class="dim">
          {formatBytes(bytes.length)}
          {cut ? ' and more: only the beginning is shown' : ''}
          {form === 'Hex' && bytes.length > MOST_HEX
            ? `, the first ${formatBytes(MOST_HEX)} of it as hex`
            : ''}
        </span>
        <Copy text={copied} what={binary ? 'Copy as base64' : 'Copy'} />
      </div>
      <pre
        class={form === 'Hex' ? 'hex' : undefined}
        id="body-panel"
        role="tabpanel"
        aria-labelledby={`body-panel-${form}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        tabIndex={0}
      >
        {shown}
      </pre>
    </div>
  );
}

function Copy({ text, what }: { text: string; what: string }) {
  const [said, setSaid] = useState('');
  const copy = async (): Promise<void> => {
    const done = await writeText(text);
    setSaid(done ? 'Copied' : 'Not allowed here: select it and copy');
  };
  return (
    <span class="copy">
      <span role="status" class="dim">
        {said}
      </span>
      <button type="button" class="small" onClick={() => void copy()}>
        {what}
      </button>
    </span>
  );
}

/** The clipboard is there only for pages by https and from this machine; else the old way. */
async function writeText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    (document.querySelector('dialog[open]') ?? document.body).append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
