import type { Command } from '../../events/events.ts'
import type { ComponentData, ReportVerdict, SaidLine } from './data.ts'
import type { DraftTest } from './draft.ts'
import type { BoundedLog } from './logs.ts'

/** Everything of a run that the report shows, in as little memory as will do. */
export interface Gathered {
  readonly begun: number
  readonly ended: number
  readonly verdict: ReportVerdict
  readonly message: string | undefined
  readonly left: string | undefined
  readonly commands: readonly Command[]
  /** All that were to be run. */
  readonly planned: readonly string[]
  readonly drafts: readonly DraftTest[]
  readonly log: BoundedLog
  readonly said: readonly SaidLine[]
  readonly madeWith: readonly ComponentData[]
  readonly leftOut: readonly string[]
}
