import { usageFailure } from '../../errors/failure.ts'
import { didYouMean } from '../../errors/suggest.ts'
import { type Addressing, nodeNetwork } from '../../settings/addressing.ts'
import { formatNetwork } from '../../settings/networks.ts'

/** Values for `{{name}}` in a configuration. */
export type FillValues = Readonly<Record<string, string>>

/** The values of a node. */
export function valuesOf({ name, number }: { readonly name: string; readonly number: number }, addressing: Addressing) {
  const network = nodeNetwork(addressing.template, number)
  const subnet4 = formatNetwork(network)
  const [first = ''] = subnet4.split('/')
  const bytes = first.split('.').map(Number)
  const mapped = [0, 2].map(at => ((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)).toString(16))
  return {
    node: name,
    number: String(number),
    /** The network of the node's PODs. */
    subnet4,
    subnet6: `${addressing.prefix}:${mapped.join(':')}/${network.length + 96}`,
    /** The first three numbers of it, to write addresses. */
    prefix4: bytes.slice(0, 3).join('.'),
    prefix6: `${addressing.prefix}:${mapped.join(':').replace(/00?$/, '')}`,
    ...pathValues(network.length),
  }
}

const pathValues = (length: number) => ({ length4: String(length), length6: String(length + 96) })

/**
 * Replaces each `{{name}}` by its value.
 * @param file for messages
 * @throws Failure CNI_CONFIG (exit 2) for an unknown name
 */
export const fill = (text: string, values: FillValues, file: string): string =>
  text.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (_, name: string) => {
    const value = values[name]
    if (value !== undefined) return value
    const names = Object.keys(values)
    throw usageFailure('CNI_CONFIG', `${file}: unknown variable {{${name}}}`, {
      hint: didYouMean(name, names) ?? `there are ${names.join(', ')}`,
    })
  })
