import { useState } from 'preact/hooks';
import { type AdapterFiles, uploadVersion } from '../../api/prompts.ts';
import { DropZone } from '../../components/drop-zone.tsx';
import { Fault } from '../../components/fault.tsx';
import { Panel } from '../../components/panel.tsx';
import { useAction } from '../../hooks/use-action.ts';
import { bytes } from '../../lib/format.ts';
import { notify } from '../../state/notices.ts';

interface Props {
  readonly task: string;
  readonly onUploaded: () => void;
}

const EXPECTED =
  'adapter_config.json with adapter_model.safetensors, or one .safetensors file with a bare tensor';

/** Uploads an adapter as PEFT saves it, or a bare tensor, as a new version. */
export function UploadPanel({ task, onUploaded }: Props) {
  const [files, setFiles] = useState<readonly File[]>([]);
  const [activate, setActivate] = useState(false);
  const [warnings, setWarnings] = useState<readonly string[]>([]);
  const action = useAction();
  const adapter = adapterOf(files);

  function take(given: readonly File[]): void {
    action.clear();
    setWarnings([]);
    // One after the other is as good as both at once; the newest of each kind counts.
    const all = [...files, ...given];
    const newest = [all.findLast(isConfig), all.findLast((file) => !isConfig(file))];
    setFiles(newest.filter((file) => file !== undefined));
  }

  async function upload(): Promise<void> {
    if (adapter === null) return;
    const done = await action.run(async () => {
      const { version, warnings: ignored } = await uploadVersion(task, adapter, activate);
      setWarnings(ignored);
      notify(`Version ${version} is there${activate ? ' and serves' : ''}.`);
    });
    if (!done) return;
    setFiles([]);
    setActivate(false);
    onUploaded();
  }

  return (
    <Panel title="Upload a version">
      <DropZone label="Choose files" accept=".json,.safetensors" multiple onFiles={take}>
        or drop {EXPECTED} here
      </DropZone>
      {files.length > 0 && (
        <div class="toolbar">
          <ul class="files">
            {files.map((file) => (
              <li key={file.name}>
                {file.name} <span class="quiet">{bytes(file.size)}</span>
              </li>
            ))}
          </ul>
          <label class="check">
            <input
              type="checkbox"
              checked={activate}
              onChange={({ currentTarget }) => setActivate(currentTarget.checked)}
            />
            serve it at once
          </label>
          <button type="button" class="primary" disabled={adapter === null || action.busy} onClick={upload}>
            Upload
          </button>
          <button type="button" onClick={() => setFiles([])}>
            Clear
          </button>
        </div>
      )}
      {files.length > 0 && adapter === null && <p class="problem">What is needed: {EXPECTED}.</p>}
      {warnings.map((warning) => (
        <p key={warning} class="note">
          {warning}
        </p>
      ))}
      <Fault error={action.error} />
    </Panel>
  );
}

const isConfig = ({ name }: File): boolean => name.endsWith('.json');

function adapterOf(files: readonly File[]): AdapterFiles | null {
  const config = files.find(isConfig);
  const model = files.find((file) => !isConfig(file));
  if (model === undefined) return null;
  return config === undefined ? { tensor: model } : { config, model };
}
