import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import type { Packed } from './data.ts'

const compress = promisify(deflate)

/** What stands in an element of its own: compressed, in base64, which HTML and scripts leave alone. */
export const pack = async (content: Uint8Array | string): Promise<string> =>
  (await compress(content)).toString('base64')

/** The elements of a page that hold something packed. */
export class Packs {
  readonly elements: string[] = []
  #size = 0

  /** In characters, of all that is in. */
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
