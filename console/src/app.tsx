import { useEffect, useRef } from 'preact/hooks';
import { key, question } from './api/session.ts';
import { KeyDialog } from './components/key-dialog.tsx';
import { Notices } from './components/notices.tsx';
import { Sidebar } from './components/sidebar.tsx';
import { Pages } from './pages.tsx';
import { loadService, service } from './state/service.ts';
import { loadTasks, taskList } from './state/tasks.ts';

export function App() {
  const main = useRef<HTMLElement>(null);
  const { value: secret } = key;
  useEffect(() => {
    // Without it the page works; its own calls say what is wrong.
    if (service.value === null) loadService().catch(() => undefined);
    if (taskList.value.error !== null) void loadTasks();
  }, [secret]);
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <Sidebar />
      <main ref={main} tabIndex={-1}>
        <Pages />
      </main>
      <Notices />
      {question.value !== null && <KeyDialog question={question.value} />}
    </div>
  );
}
