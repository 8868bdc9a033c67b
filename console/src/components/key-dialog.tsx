import { useState } from 'preact/hooks';
import type { Question } from '../api/session.ts';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';

/** Asks for an API key. The page below keeps what it shows. */
export function KeyDialog({ question: { refusal, answer } }: { readonly question: Question }) {
  const [secret, setSecret] = useState('');
  return (
    <Dialog title="API key" onClose={() => answer(null)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (secret.trim() !== '') answer(secret.trim());
        }}
      >
        <p class="dialog-text">
          {refusal === null
            ? 'This server asks for a key. '
            : 'The server no longer takes the key of this tab. What you see stays as it is. '}
          It is kept in this tab until you close it.
        </p>
        <Field label="Key" hint="An operator makes one with: softprompt key new NAME --scope admin">
          <input
            type="password"
            autocomplete="off"
            spellcheck={false}
            value={secret}
            onInput={({ currentTarget }) => setSecret(currentTarget.value)}
          />
        </Field>
        <div class="actions end">
          <button type="button" onClick={() => answer(null)}>
            Not now
          </button>
          <button type="submit" class="primary" disabled={secret.trim() === ''}>
            Use this key
          </button>
        </div>
      </form>
    </Dialog>
  );
}
