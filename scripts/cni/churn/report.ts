import type { Latency } from './latency.ts'
import type { ChurnResult } from './subject.ts'

/** Leaks that are listed. */
const MOST_LEAKS = 10

/** Lines about each network, the first one compared with the others. */
export function churnLines(results: readonly ChurnResult[]): readonly string[] {
  const [first, ...others] = results
  const comparisons = first ? others.flatMap(other => comparison(first, other)) : []
  return [...results.flatMap(linesOf), ...comparisons]
}

/** What is wrong with a network: operations that failed, lost packets and leaks. */
export function churnProblems({ network, failures, traffic, leaks }: ChurnResult): readonly string[] {
  const failed = [...failures].map(([what, count]) => `${network}: ${count} times ${what}`)
  const lost = traffic && traffic.lost > 0 ? [`${network}: ${packets(traffic)}`] : []
  return [...failed, ...lost, ...leaks.map(({ message }) => `${network}: ${message}`)]
}

function linesOf(result: ChurnResult): readonly string[] {
  const { network, attachments, seconds, add, del, traffic, leaks, failures } = result
  const perSecond = (attachments / seconds).toFixed(1)
  const shown = leaks.slice(0, MOST_LEAKS).map(({ message }) => `${network}: ${message}`)
  const more = leaks.length - shown.length
  return [
    `${network}: ${attachments} PODs in ${seconds.toFixed(1)} s, ${perSecond} each second`,
    `${network}: ADD ${percentiles(add)}; DEL ${percentiles(del)}`,
    `${network}: ${traffic ? packets(traffic) : 'no traffic: the resident containers do not answer'}`,
    ...[...failures].map(([what, count]) => `${network}: ${count} times ${what}`),
    ...(leaks.length === 0 ? [`${network}: nothing is left`] : shown),
    ...(more > 0 ? [`${network}: ${more} more differences are left`] : []),
  ]
}

const packets = ({ between, sent, lost }: NonNullable<ChurnResult['traffic']>): string =>
  `${lost} of ${sent} packets lost between ${between}`

function percentiles(latency: Latency | undefined): string {
  if (!latency) return 'never succeeded'
  const { p50, p90, p99, max } = latency
  return `50/90/99/100 % in ${[p50, p90, p99, max].map(value => Math.round(value)).join('/')} ms`
}

function comparison(first: ChurnResult, other: ChurnResult): readonly string[] {
  const ratios = (['add', 'del'] as const).flatMap(operation => {
    const [own, others] = [first[operation]?.p50, other[operation]?.p50]
    if (!own || !others) return []
    return [`${operation.toUpperCase()} takes ${(own / others).toFixed(2)} times as long`]
  })
  return ratios.length > 0 ? [`${first.network} compared with ${other.network}, median: ${ratios.join('; ')}`] : []
}
