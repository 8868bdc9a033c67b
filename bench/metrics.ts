/** What `GET /metrics` of the service says about its engine and its HTTP thread. */
export interface Metrics {
  readonly steps: number;
  readonly stepSeconds: number;
  /** Part of `stepSeconds` inside session.run. */
  readonly runSeconds: number;
  /** Seconds, 99th percentile since the metrics were last read. */
  readonly eventLoopDelayP99: number;
}

/** The monitor behind the metric wakes every 10 ms (prom-client's default) and counts that as delay too. */
const MONITOR_PERIOD = 0.01;

/** Reading starts a new period for the event-loop delay. */
export async function readMetrics(url: string): Promise<Metrics> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string): number => {
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
    if (line === undefined) throw new Error(`/metrics has no ${name}`);
    return Number(line.slice(name.length));
  };
  return {
    steps: value('softprompt_engine_steps_total'),
    stepSeconds: value('softprompt_engine_step_seconds_total'),
    runSeconds: value('softprompt_engine_run_seconds_total'),
    eventLoopDelayP99: Math.max(0, value('nodejs_eventloop_lag_p99_seconds') - MONITOR_PERIOD),
  };
}
