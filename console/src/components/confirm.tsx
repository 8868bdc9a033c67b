import type { ComponentChildren } from 'preact';
import { useAction } from '../hooks/use-action.ts';
import { Dialog } from './dialog.tsx';
import { Fault } from './fault.tsx';

interface Props {
  readonly title: string;
  /** The verb on the button. */
  readonly verb: string;
  readonly danger?: boolean;
  readonly act: () => Promise<unknown>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Asks before something is done that cannot be taken back. A refusal is shown in the dialog, which then stays. */
export function Confirm({ title, verb, danger = false, act, onClose, children }: Props) {
  const action = useAction();
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-text">{children}</div>
      <Fault error={action.error} />
      <div class="actions end">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          class={danger ? 'danger' : 'primary'}
          disabled={action.busy}
          onClick={async () => {
            if (await action.run(act)) onClose();
          }}
        >
          {verb}
        </button>
      </div>
    </Dialog>
  );
}
