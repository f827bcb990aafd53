// Typed arrays, DataView, resizable and transferred ArrayBuffers.
export async function runTask(input, tools) {
  const buffer = new ArrayBuffer(64);
  const view = new DataView(buffer);
  const bytes = new Uint8Array(buffer);
  for (let i = 0; i < 8; i++) view.setFloat64(i * 8, await tools.echo.f(Math.sqrt(i) * (i % 2 ? -1 : 1)), i % 2 === 0);
  const words = new Uint32Array(buffer, 8, 4);
  words.sort();
  const clamped = Uint8ClampedArray.from([-5, 300, 1.5, NaN]);
  const big = new BigInt64Array(2);
  big[0] = -(2n ** 62n);
  await tools.sleep(1);
  bytes.copyWithin(3, 40, 44);
  const part = bytes.subarray(4, 20);
  const growing = new ArrayBuffer(4, { maxByteLength: 16 });
  const tracking = new Uint8Array(growing);
  growing.resize?.(12);
  const moved = buffer.slice(0).transfer?.(32);
  return [
    [...bytes], [...words], [...clamped], String(big[0]), part.byteOffset, part.reduce((sum, byte) => sum + byte, 0), tracking.length,
    moved?.byteLength, view.getInt16(5), Float32Array.of(0.1, 1e40)[0], Array.from(new Int8Array([200, 100])),
  ];
}
