import { Writable } from 'node:stream'

/** Bytes that several collectors may hold together. */
export class Budget {
  #left: number

  /** @param bytes how many */
  constructor(bytes: number) {
    this.#left = bytes
  }

  /** @returns false, and takes nothing, where there is not so much left */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }

  giveBack(bytes: number): void {
    this.#left += bytes
  }
}

/** A stream that keeps what is written into it, up to a limit. */
export interface Collector {
  readonly stream: Writable
  bytes(): Buffer
  /** What it holds does not count any more. */
  release(): void
}

export interface CollectorOptions {
  /** Called once, when something is dropped. */
  readonly onExcess?: () => void
  readonly budget?: Budget
}

/** @param limit in bytes; what exceeds it, or the budget, is dropped */
export function boundedCollector(limit: number, { onExcess, budget }: CollectorOptions = {}): Collector {
  const chunks: Buffer[] = []
  let length = 0
  let isFull = false
  const keep = (chunk: Buffer) => {
    if (isFull) return
    const kept = chunk.subarray(0, limit - length)
    const isWithin = budget?.take(kept.length) !== false
    if (isWithin) {
      length += kept.length
      // A small piece would keep the network's whole buffer in memory.
      chunks.push(kept.length * 2 < kept.buffer.byteLength ? Buffer.from(kept) : kept)
    }
    isFull = !isWithin || kept.length < chunk.length
    if (isFull) onExcess?.()
  }
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      keep(chunk)
      done()
    },
  })
  const release = () => {
    budget?.giveBack(length)
    length = 0
    isFull = true
    chunks.length = 0
  }
  return { stream, bytes: () => Buffer.concat(chunks), release }
}
