import { Empty } from './components/empty.tsx';
import { Page } from './components/page.tsx';
import { PlaygroundPage } from './pages/playground/playground-page.tsx';
import { TaskPage } from './pages/task/task-page.tsx';
import { TasksPage } from './pages/tasks/tasks-page.tsx';
import { href, route } from './router.ts';

/** The page of the address. */
export function Pages() {
  const { path, query } = route.value;
  const [page = 'tasks', item] = path;
  switch (page) {
    case 'tasks':
      return item === undefined ? <TasksPage /> : <TaskPage key={item} name={item} />;
    case 'playground':
      return <PlaygroundPage key={`${query}`} query={query} />;
    default:
      return (
        <Page title="Nothing here">
          <Empty
            title="There is no such page."
            action={
              <a class="button" href={href(['tasks'])}>
                Go to the tasks
              </a>
            }
          />
        </Page>
      );
  }
}
