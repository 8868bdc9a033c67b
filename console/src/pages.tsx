import { Empty } from './components/empty.tsx';
import { Page } from './components/page.tsx';
import { ClassifyPage } from './pages/classify/classify-page.tsx';
import { ComparePage } from './pages/compare/compare-page.tsx';
import { LivePage } from './pages/live/live-page.tsx';
import { PlaygroundPage } from './pages/playground/playground-page.tsx';
import { PromptPage } from './pages/prompt/prompt-page.tsx';
import { SimilarityPage } from './pages/similarity/similarity-page.tsx';
import { TaskPage } from './pages/task/task-page.tsx';
import { TasksPage } from './pages/tasks/tasks-page.tsx';
import { JobPage } from './pages/training/job-page.tsx';
import { NewJobPage } from './pages/training/new-job-page.tsx';
import { TrainingPage } from './pages/training/training-page.tsx';
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
    case 'classify':
      return <ClassifyPage key={`${query}`} query={query} />;
    case 'compare':
      return <ComparePage key={`${query}`} query={query} />;
    case 'prompt':
      return <PromptPage key={`${query}`} query={query} />;
    case 'similarity':
      return <SimilarityPage />;
    case 'live':
      return <LivePage />;
    case 'training':
      if (item === undefined) return <TrainingPage />;
      if (item === 'new') return <NewJobPage key={`${query}`} query={query} />;
      return <JobPage key={item} id={item} />;
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
