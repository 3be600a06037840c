import type { Protocol, Rule, RuleSet } from './rule.ts'

/** A kind of packet or connection from each POD to each address that rules decide about. */
export interface Probe {
  readonly protocol: Protocol
  readonly payload: 'plain' | 'size' | 'fragmented' | 'bulk' | 'mtu'
  /** Bytes of the payload; 0 for `plain` and `mtu`. */
  readonly bytes: number
}

/** `tcp/80`, `icmp of 1400 bytes`, `icmp path MTU` */
export function probeName({ protocol, payload, bytes }: Probe): string {
  if (payload === 'plain') return protocol
  if (payload === 'mtu') return `${protocol} path MTU`
  if (payload === 'bulk') return `${protocol} transfer of ${bytes} bytes`
  return `${protocol} of ${bytes} bytes${payload === 'fragmented' ? ' in fragments' : ''}`
}

/** The payload that a rule sends; a rule without one decides about packets of any payload. */
export function payloadOf({ size, fragmented, bulk, mtu }: Rule): Pick<Probe, 'payload' | 'bytes'> {
  if (size !== undefined) return { payload: 'size', bytes: size }
  if (fragmented !== undefined) return { payload: 'fragmented', bytes: fragmented }
  if (bulk !== undefined) return { payload: 'bulk', bytes: bulk }
  return { payload: mtu === undefined ? 'plain' : 'mtu', bytes: 0 }
}

export const protocolsOf = ({ protocol = [] }: Rule): readonly Protocol[] =>
  typeof protocol === 'string' ? [protocol] : protocol

/** The probes that the rules name; `icmp` if none names a protocol. */
export function probesOf({ rules }: RuleSet): readonly Probe[] {
  const probes = new Map<string, Probe>()
  for (const rule of rules)
    for (const protocol of protocolsOf(rule)) {
      const probe = { protocol, ...payloadOf(rule) }
      probes.set(probeName(probe), probe)
    }
  return probes.size > 0 ? [...probes.values()] : [{ protocol: 'icmp', payload: 'plain', bytes: 0 }]
}

/** The protocol and port, as `['tcp', 80]`; ICMP has port 0. */
export function portOf(protocol: Protocol): readonly [protocol: string, port: number] {
  const [name = '', port = '0'] = protocol.split('/')
  return [name, Number(port)]
}
