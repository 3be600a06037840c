import { BlockList, isIP } from 'node:net'

/** Whether two texts are the same IP address. */
export function sameAddress(one: string, other: string): boolean {
  if (one === other) return true
  const family = isIP(one)
  if (family === 0 || family !== isIP(other)) return false
  const list = new BlockList()
  list.addAddress(one, family === 4 ? 'ipv4' : 'ipv6')
  return list.check(other, family === 4 ? 'ipv4' : 'ipv6')
}

/** Whether two addresses with prefix lengths are the same. */
export function samePrefix(one: string, other: string): boolean {
  const [[a = '', lengthA], [b = '', lengthB]] = [one.split('/'), other.split('/')]
  return lengthA === lengthB && sameAddress(a, b)
}
