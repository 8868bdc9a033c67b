import type { ComponentChildren } from 'preact';

interface Props {
  readonly title: string;
  /** What comes next. */
  readonly children?: ComponentChildren;
  readonly action?: ComponentChildren;
}

/** Where there is nothing yet: says so, and what to do next. */
export function Empty({ title, children, action }: Props) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p>{children}</p>}
      {action && <div class="actions">{action}</div>}
    </div>
  );
}
