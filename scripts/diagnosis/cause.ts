/** What a failure comes from, in all likelihood. */
export interface Cause {
  /** The node's name, or the POD's. */
  readonly subject: string
  readonly node: string
  /** `eth0 is down` */
  readonly what: string
  /** How many pairs that should answer do not because of it; undefined where no matrix was measured. */
  readonly pairs?: number
}

/** Unexpected results of the matrix that have something in common. */
export interface PairGroup {
  /** What they share: `vm-003`, `vm-002-ns03`, `vm-001 → vm-002`, `IPv6`. */
  readonly subject: string
  readonly pairs: number
  /** A line for the user: `vm-003: all 448 unexpected results begin or end here; its eth1 is down`. */
  readonly text: string
}

export interface Diagnosis {
  readonly causes: readonly Cause[]
  readonly groups: readonly PairGroup[]
}

/** As many causes as are named one by one; many PODs of which the same holds are one line. */
const NAMED = 3
const LISTED = 5

/** `likely cause: vm-002-ns03: eth0 is down`, one line for each; those of many PODs together. */
export function describeCauses(causes: readonly Cause[]): readonly string[] {
  const byWhat = new Map<string, Cause[]>()
  for (const cause of causes) byWhat.set(cause.what, [...(byWhat.get(cause.what) ?? []), cause])
  const lines = [...byWhat.values()].flatMap(same =>
    same.length <= NAMED
      ? same.map(({ subject, what }) => `likely cause: ${subject}: ${what}`)
      : [`likely cause: ${same[0]?.what} in ${same.length} places: ${namesOf(same)}`],
  )
  const more = lines.length - LISTED
  return more > 0 ? [...lines.slice(0, LISTED), `… and ${more} more likely causes`] : lines
}

function namesOf(causes: readonly Cause[]): string {
  const names = causes.map(({ subject }) => subject)
  return names.length <= 2 * NAMED ? names.join(' ') : `${names.slice(0, NAMED).join(' ')} … ${names.at(-1)}`
}

/** The lines that stand before all others about a failure. */
export const describeDiagnosis = ({ causes, groups }: Diagnosis): readonly string[] => [
  ...describeCauses(causes),
  ...groups.map(({ text }) => text),
]
