import { Writable } from 'node:stream'

/** A stream that keeps what is written into it, up to a limit. */
export interface Collector {
  readonly stream: Writable
  bytes(): Buffer
}

/**
 * @param limit in bytes; what exceeds it is dropped
 * @param onExcess called once, when something is dropped
 */
export function boundedCollector(limit: number, onExcess: () => void = () => {}): Collector {
  const chunks: Buffer[] = []
  let length = 0
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      const kept = chunk.subarray(0, limit - Math.min(length, limit))
      if (kept.length > 0) chunks.push(kept)
      if (length <= limit && length + chunk.length > limit) onExcess()
      length += chunk.length
      done()
    },
  })
  return { stream, bytes: () => Buffer.concat(chunks) }
}
