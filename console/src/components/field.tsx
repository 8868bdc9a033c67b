import type { ComponentChildren } from 'preact';

interface Props {
  readonly label: string;
  readonly hint?: ComponentChildren;
  /** The control: the label is around it. */
  readonly children: ComponentChildren;
}

export function Field({ label, hint, children }: Props) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is among the children.
    <label class="field">
      <span class="field-label">{label}</span>
      {children}
      {hint && <span class="hint">{hint}</span>}
    </label>
  );
}
