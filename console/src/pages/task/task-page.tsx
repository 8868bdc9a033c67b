import { useState } from 'preact/hooks';
import { listVersions } from '../../api/prompts.ts';
import { getServing } from '../../api/serving.ts';
import { deleteTask, getTask } from '../../api/tasks.ts';
import { Confirm } from '../../components/confirm.tsx';
import { Fault } from '../../components/fault.tsx';
import { Page } from '../../components/page.tsx';
import { useLoad } from '../../hooks/use-load.ts';
import { plural, visible } from '../../lib/format.ts';
import { go, href } from '../../router.ts';
import { notify } from '../../state/notices.ts';
import { loadTasks } from '../../state/tasks.ts';
import { EditTask } from './edit-task.tsx';
import { ServingPanel } from './serving-panel.tsx';
import { UploadPanel } from './upload-panel.tsx';
import { VersionsPanel } from './versions-panel.tsx';

type Open = 'edit' | 'delete' | null;

export function TaskPage({ name }: { readonly name: string }) {
  const [open, setOpen] = useState<Open>(null);
  const { data, error, reload } = useLoad(`task ${name}`, async (signal) => {
    const [task, versions, serving] = await Promise.all([
      getTask(name, signal),
      listVersions(name, signal),
      getServing(name, signal),
    ]);
    return { task, versions, serving };
  });
  const close = (): void => setOpen(null);
  return (
    <Page
      title={name}
      above={<a href={href(['tasks'])}>Tasks</a>}
      lead={data?.task.description}
      actions={
        data && (
          <>
            <a class="button" href={href(['playground'], { a: name })}>
              Playground
            </a>
            <a class="button" href={href(['classify'], { task: name })}>
              Classify
            </a>
            <a class="button" href={href(['training', 'new'], { task: name })}>
              Train a new version
            </a>
            <button type="button" onClick={() => setOpen('edit')}>
              Edit
            </button>
            <button type="button" class="danger" onClick={() => setOpen('delete')}>
              Delete
            </button>
          </>
        )
      }
    >
      <Fault error={error} retry={reload} />
      {data && (
        <>
          <dl class="facts inline">
            <div>
              <dt>Template</dt>
              <dd>{data.task.template === null ? 'none' : <code>{data.task.template}</code>}</dd>
            </div>
            <div>
              <dt>Labels</dt>
              <dd>
                {data.task.labels === null
                  ? 'none'
                  : data.task.labels.slice(0, 40).map((label) => (
                      <span key={label} class="chip">
                        {visible(label)}
                      </span>
                    ))}
              </dd>
            </div>
          </dl>
          <ServingPanel task={name} versions={data.versions} serving={data.serving} onChange={reload} />
          <VersionsPanel task={name} versions={data.versions} plan={data.serving.plan} onChange={reload} />
          <UploadPanel task={name} onUploaded={reload} />
        </>
      )}
      {open === 'edit' && data && <EditTask task={data.task} onClose={close} onSaved={reload} />}
      {open === 'delete' && data && (
        <Confirm
          title={`Delete ${name}?`}
          verb="Delete the task"
          danger
          act={async () => {
            await deleteTask(name);
            void loadTasks();
            notify(`${name} is gone.`);
            go(['tasks']);
          }}
          onClose={close}
        >
          The task and {plural(data.versions.length, 'version')} are deleted for good. Requests to it will be
          refused.
        </Confirm>
      )}
    </Page>
  );
}
