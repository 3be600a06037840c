import { Writable } from 'node:stream'

/** A limit on the total bytes that several collectors hold. */
export class Budget {
  #available: number

  constructor(bytes: number) {
    this.#available = bytes
  }

  /** @returns false, and reserves nothing, when fewer bytes are available */
  reserve(bytes: number): boolean {
    if (bytes > this.#available) return false
    this.#available -= bytes
    return true
  }

  release(bytes: number): void {
    this.#available += bytes
  }
}

/** A stream that stores what is written to it, up to a limit. */
export interface Collector {
  readonly stream: Writable
  bytes(): Buffer
  /** Discards the stored bytes and returns them to the budget. */
  release(): void
}

export interface CollectorOptions {
  /** Called once, when the first bytes are dropped. */
  readonly onExcess?: () => void
  readonly budget?: Budget
}

/** @param limit in bytes; bytes above it, or above the budget, are dropped */
export function boundedCollector(limit: number, { onExcess, budget }: CollectorOptions = {}): Collector {
  const chunks: Buffer[] = []
  let length = 0
  let isFull = false
  const store = (chunk: Buffer) => {
    if (isFull) return
    const accepted = chunk.subarray(0, limit - length)
    const isWithin = budget?.reserve(accepted.length) !== false
    if (isWithin) {
      length += accepted.length
      // A small slice would keep the whole network buffer in memory.
      chunks.push(accepted.length * 2 < accepted.buffer.byteLength ? Buffer.from(accepted) : accepted)
    }
    isFull = !isWithin || accepted.length < chunk.length
    if (isFull) onExcess?.()
  }
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      store(chunk)
      done()
    },
  })
  const release = () => {
    budget?.release(length)
    length = 0
    isFull = true
    chunks.length = 0
  }
  return { stream, bytes: () => Buffer.concat(chunks), release }
}
