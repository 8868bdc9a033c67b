/**
 * Keeps products of float32 matrices in float32 on a graphics card: CUDA's provider lets cuBLAS round their factors to TF32's
 * 10 bits of mantissa, and onnxruntime-node has no place for the option that forbids it. cuBLAS reads this variable when it
 * is loaded. To be called by the main thread before that; child processes inherit it. Whoever sets it to 1 gets TF32.
 */
export function withoutTf32(): void {
  process.env.NVIDIA_TF32_OVERRIDE ??= '0';
}
