/** A likely cause of a failure. */
export interface Cause {
  /** Name of the node or POD. */
  readonly subject: string
  readonly node: string
  /** `eth0 is down` */
  readonly what: string
  /** Missing pairs that it explains; undefined without a matrix. */
  readonly pairs?: number
}

/** Unexpected results of the matrix with a common trait. */
export interface PairGroup {
  /** The trait: `vm-003`, `vm-002-ns03`, `vm-001 → vm-002`, `IPv6`. */
  readonly subject: string
  readonly pairs: number
  /** `vm-003: all 448 unexpected results begin or end here; its eth1 is down` */
  readonly text: string
}

export interface Diagnosis {
  readonly causes: readonly Cause[]
  readonly groups: readonly PairGroup[]
}

/** Equal causes of more nodes or PODs share a line. */
const MAX_SEPARATE = 3
const MAX_LINES = 5

/** `likely cause: vm-002-ns03: eth0 is down`, or a line for a cause that many nodes or PODs share. */
export function describeCauses(causes: readonly Cause[]): readonly string[] {
  const byWhat = new Map<string, Cause[]>()
  for (const cause of causes) byWhat.set(cause.what, [...(byWhat.get(cause.what) ?? []), cause])
  const lines = [...byWhat.values()].flatMap(same =>
    same.length <= MAX_SEPARATE
      ? same.map(({ subject, what }) => `likely cause: ${subject}: ${what}`)
      : [`likely cause: each of ${subjectsOf(same)}: ${same[0]?.what} (${namesOf(same)})`],
  )
  const more = lines.length - MAX_LINES
  return more > 0 ? [...lines.slice(0, MAX_LINES), `… and ${more} more likely causes`] : lines
}

function subjectsOf(causes: readonly Cause[]): string {
  const nodes = causes.filter(({ subject, node }) => subject === node).length
  const kind = nodes === 0 ? 'PODs' : nodes === causes.length ? 'nodes' : 'nodes and PODs'
  return `${causes.length} ${kind}`
}

function namesOf(causes: readonly Cause[]): string {
  const names = causes.map(({ subject }) => subject)
  return names.length <= 2 * MAX_SEPARATE
    ? names.join(' ')
    : `${names.slice(0, MAX_SEPARATE).join(' ')} … ${names.at(-1)}`
}

/** The first lines of a failure report. */
export const describeDiagnosis = ({ causes, groups }: Diagnosis): readonly string[] => [
  ...describeCauses(causes),
  ...groups.map(({ text }) => text),
]
