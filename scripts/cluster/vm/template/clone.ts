import fs from 'node:fs'
import { type Machine, type MachineParts, type MachinePlan, startMachine } from '../machine.ts'
import type { Template } from './template.ts'

/** Starts a machine restored from a template, whose memory it maps copy-on-write. */
export function cloneMachine(
  plan: MachinePlan,
  clusterDirectory: string,
  parts: MachineParts,
  { ram, state }: Template,
): Machine {
  const file = fs.openSync(state, 'r')
  try {
    return startMachine(plan, clusterDirectory, parts, { memory: { file: ram, written: false }, state: file })
  } finally {
    fs.closeSync(file)
  }
}
