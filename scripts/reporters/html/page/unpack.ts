import type { Packed } from '../data.ts'

/** Unpacks the bytes of an element. */
export async function unpack({ id }: Packed): Promise<Uint8Array> {
  const packed = atob(document.getElementById(id)?.textContent ?? '')
  const bytes = Uint8Array.from(packed, character => character.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** Unpacks JSON. */
export const unpackJson = async <T>(packed: Packed): Promise<T> =>
  JSON.parse(new TextDecoder().decode(await unpack(packed))) as T
