import path from 'node:path'
import { shellScript } from '../host/shell-script.ts'

const script = (name: string) => shellScript(path.join(import.meta.dirname, 'sh'), 'common.sh', name)

/** Scripts that run on nodes, and on this host to read a source. Each file documents its arguments. */
export const STAT = script('stat.sh')
export const SEND = script('send.sh')
export const RECEIVE = script('receive.sh')
export const STAGE = script('stage.sh')
