import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import type { Packed } from './data.ts'

const compress = promisify(deflate)

/** Compresses content for an element, as base64, which needs no escaping. */
export const pack = async (content: Uint8Array | string): Promise<string> =>
  (await compress(content)).toString('base64')

/** The elements with packed data. */
export class Packs {
  readonly elements: string[] = []
  #size = 0

  /** Total characters. */
  get size(): number {
    return this.#size
  }

  add(content: string): Packed {
    this.#size += content.length
    this.elements.push(content)
    return { id: packId(this.elements.length - 1) }
  }
}

export const packId = (position: number): string => `packed-${position}`
