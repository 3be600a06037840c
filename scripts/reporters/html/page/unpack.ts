import type { Packed } from '../data.ts'

/** The bytes of what is packed in an element of the page. */
export async function unpack({ id }: Packed): Promise<Uint8Array> {
  const packed = atob(document.getElementById(id)?.textContent ?? '')
  const bytes = Uint8Array.from(packed, character => character.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** What is packed as JSON. */
export const unpackJson = async <T>(packed: Packed): Promise<T> =>
  JSON.parse(new TextDecoder().decode(await unpack(packed))) as T
