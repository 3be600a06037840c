import path from 'node:path'

/** The command of this repository that stands in for xcluster's: scripts/xctest. */
const STAND_IN = 'xcluster-embedded'

/** Whether `$XCLUSTER` is that command: who has it there has no xcluster. */
export const isStandIn = (command: string): boolean => path.basename(command) === STAND_IN
