import type { Command } from '../../events/events.ts'
import type { RunRecord } from '../../events/record.ts'
import type { ComponentData, HostLine } from './data.ts'
import type { DraftTest } from './draft.ts'
import type { BoundedLog } from './logs.ts'

/** All data of a report, in compact form. */
export interface CollectedRun {
  readonly run: RunRecord
  readonly begun: number
  readonly ended: number
  readonly commands: readonly Command[]
  readonly drafts: readonly DraftTest[]
  readonly log: BoundedLog
  readonly hostLines: readonly HostLine[]
  readonly components: readonly ComponentData[]
  readonly omissions: readonly string[]
}
