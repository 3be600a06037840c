import path from 'node:path'

/** This repository's replacement for the xcluster command: scripts/xctest. */
const STAND_IN = 'xcluster-embedded'

/** Whether `$XCLUSTER` is the replacement, in which case the user has no xcluster. */
export const isStandIn = (command: string): boolean => path.basename(command) === STAND_IN
