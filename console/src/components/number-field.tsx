import { Field } from './field.tsx';

interface Props {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number | 'any';
  readonly hint?: string;
  readonly onChange: (value: number) => void;
}

/** A number; what is not one is left as it was. */
export function NumberField({ label, value, min, max, step = 1, hint, onChange }: Props) {
  return (
    <Field label={label} hint={hint}>
      <input
        type="number"
        value={value}
        min={min}
        max={max}
        step={step}
        onChange={({ currentTarget }) => {
          const given = currentTarget.valueAsNumber;
          const taken = Number.isFinite(given) ? Math.min(max, Math.max(min, given)) : value;
          currentTarget.value = String(taken);
          onChange(taken);
        }}
      />
    </Field>
  );
}
