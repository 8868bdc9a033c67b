interface Props {
  readonly label: string;
  readonly done: number;
  readonly total: number;
}

export function Progress({ label, done, total }: Props) {
  return <progress aria-label={label} value={done} max={Math.max(1, total)} />;
}
