import { useState } from 'preact/hooks';

interface Props {
  readonly label: string;
  readonly text: () => string;
}

/** Copies a text; where the browser does not let it (a page without TLS), the text is offered as a file. */
export function CopyButton({ label, text }: Props) {
  const [done, setDone] = useState(false);
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      save(text());
    }
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  }
  return (
    <button type="button" class="small" onClick={copy}>
      {done ? 'Copied' : label}
    </button>
  );
}

function save(text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = 'softprompt.csv';
  link.click();
  URL.revokeObjectURL(link.href);
}
