/**
 * onnxruntime 1.29 and newer sends events about its use to its makers, on all systems. A server of other people's traffic does
 * not. To be called by the main thread before the runtime is loaded, which reads the environment of the process then; child
 * processes inherit it.
 */
export function withoutTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1';
}
