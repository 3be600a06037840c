/**
 * Encodes values for a process of a cluster: guest/root/etc/netns/become.pl, world/world.pl.
 * @returns the total length, then alternating names and values, each after its length
 */
export const encodeMessage = (values: Readonly<Record<string, string | Buffer>>): Buffer =>
  counted(Buffer.concat(Object.entries(values).flat().map(counted)))

/** A value after its length in bytes (32 bits, big-endian). */
export function counted(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(bytes.length)
  return Buffer.concat([head, bytes])
}
