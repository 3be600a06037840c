import type { Source } from '../network.ts'
import { isSame } from '../reach.ts'
import type { Observation } from './observation.ts'
import { isService, type Target } from './plan.ts'
import type { Expected, Rule } from './rule.ts'

/** The MTU of the source's interface: the largest packet that it sends. */
export interface Circumstances {
  readonly interfaceMtu: number | undefined
  /** PODs that answered the same datagram, besides the first. */
  readonly others: readonly Source[]
}

/**
 * Compares the observation of a probe with the expected result.
 * @returns the problem, to follow `<source> → <target> <probe>` in a message; undefined for the expected result
 */
export function judge(
  expected: Expected & { readonly mtu?: Rule['mtu'] | undefined },
  observed: Observation,
  target: Target,
  { interfaceMtu, others }: Circumstances,
): string | undefined {
  if (others.length > 0) return `is answered by ${others.map(nameOf).join(' and ')}, too`
  if (observed.kind === 'reply') {
    const { by } = observed
    if (by && !isService(target) && !isSame(by, target)) return `is answered by the wrong POD: ${nameOf(by)}`
    return expected.expect === 'reply' ? undefined : `${describeObservation(observed)}, but must be ${expected.expect}`
  }
  if (observed.kind === 'mtu') return judgeMtu(expected.mtu, observed, interfaceMtu)
  if (isExpected(expected, observed)) return undefined
  const must = expected.by ? `${expected.expect} by ${expected.by}` : expected.expect
  return `${describeObservation(observed)}, but must ${must === 'reply' ? 'reply' : `be ${must}`}`
}

function isExpected({ expect, by }: Expected, observed: Observation): boolean {
  const isSilent = observed.kind === 'silent' || observed.kind === 'unsent'
  const isRefused = observed.kind === 'refused' && observed.refusal !== 'too-big'
  if (expect === 'silent') return isSilent
  if (expect === 'blocked') return isSilent || isRefused
  if (expect === 'refused') return observed.kind === 'refused' && isRefused && (!by || observed.refusal === by)
  return false
}

/** An ICMP error must announce a smaller path MTU, or senders do not learn of it. */
function judgeMtu(
  expected: Rule['mtu'],
  { mtu, announced, from }: Extract<Observation, { kind: 'mtu' }>,
  interfaceMtu: number | undefined,
): string | undefined {
  const problems: string[] = []
  if (typeof expected === 'number' && mtu !== expected) problems.push(`path MTU is ${mtu}, but must be ${expected}`)
  if (interfaceMtu !== undefined && mtu < interfaceMtu && announced !== mtu)
    problems.push(
      announced === undefined
        ? `black hole: packets of ${mtu + 1} to ${interfaceMtu} bytes vanish, and no ICMP error says that they are too big`
        : `black hole: ${from} announces an MTU of ${announced}, but packets above ${mtu} bytes vanish`,
    )
  return problems.length > 0 ? problems.join('; ') : undefined
}

const nameOf = ({ pod, node }: Source): string => `${pod} on ${node}`

/** `replied`, `refused by admin-prohibited from 10.0.0.1`, `silent`, `not sent (ENETUNREACH)`… */
export function describeObservation(observed: Observation): string {
  switch (observed.kind) {
    case 'reply':
      return 'replies'
    case 'refused': {
      const from = observed.from ? ` from ${observed.from}` : ''
      return `is refused by ${observed.refusal}${from}${observed.mtu ? ` (MTU ${observed.mtu})` : ''}`
    }
    case 'silent':
      return 'is silent'
    case 'unsent':
      return observed.why === 'dropped'
        ? 'is not sent (no packet left the POD: dropped by a rule of its own, or no neighbor)'
        : `is not sent (${observed.why})`
    case 'mtu':
      return `has a path MTU of ${observed.mtu}`
    case 'stalled':
      return `stalls after ${observed.bytes} bytes came back`
    case 'unidentified':
      return 'is connected to something that does not say which POD it is'
    case 'misdirected':
      return `is answered from ${observed.address}${observed.by ? `, by ${nameOf(observed.by)}` : ''}`
  }
}
