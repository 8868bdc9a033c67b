import { type ComponentChildren, cloneElement, toChildArray, type VNode } from 'preact';
import { useId } from 'preact/hooks';

interface Props {
  readonly label: string;
  /** Said after the label by a screen reader, not as a part of it. */
  readonly hint?: ComponentChildren;
  /** The control, and what belongs to it. */
  readonly children: ComponentChildren;
}

/** A control with its label and a hint. */
export function Field({ label, hint, children }: Props) {
  const id = useId();
  const [control, ...others] = toChildArray(children) as [VNode, ...VNode[]];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {cloneElement(control, { id, ...(hint && { 'aria-describedby': `${id}-hint` }) })}
      {others}
      {hint && (
        <span id={`${id}-hint`} class="hint">
          {hint}
        </span>
      )}
    </div>
  );
}
