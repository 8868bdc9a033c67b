import { canBeEnsemble } from '../../lib/plans.ts';

interface Props {
  readonly versions: readonly number[];
  readonly serving: readonly number[];
  readonly chosen: readonly number[];
  readonly together: boolean;
  readonly zeroShot: boolean;
  readonly onChange: (versions: readonly number[]) => void;
  readonly onTogether: (together: boolean) => void;
  readonly onZeroShot: (zeroShot: boolean) => void;
}

export function VersionChoice(props: Props) {
  const { versions, serving, chosen, together, zeroShot, onChange, onTogether, onZeroShot } = props;
  return (
    <fieldset class="checks">
      <legend>Compare</legend>
      {versions.map((version) => (
        <label key={version} class="check">
          <input
            type="checkbox"
            checked={chosen.includes(version)}
            onChange={({ currentTarget }) =>
              onChange(
                currentTarget.checked ? [...chosen, version] : chosen.filter((other) => other !== version),
              )
            }
          />
          version {version}
          {serving.includes(version) && <span class="badge on">serves</span>}
        </label>
      ))}
      {canBeEnsemble(chosen) && (
        <label class="check">
          <input
            type="checkbox"
            checked={together}
            onChange={({ currentTarget }) => onTogether(currentTarget.checked)}
          />
          together, as an ensemble
        </label>
      )}
      <label class="check">
        <input
          type="checkbox"
          checked={zeroShot}
          onChange={({ currentTarget }) => onZeroShot(currentTarget.checked)}
        />
        the base model without a prompt
      </label>
    </fieldset>
  );
}
