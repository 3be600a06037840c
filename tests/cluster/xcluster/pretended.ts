import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { ExecutionContext } from 'ava'

/** A command in the place of xcluster's, for the ways in which that can go wrong; it starts no VMs. */
export interface Pretended {
  readonly directory: string
  /** $XCLUSTER */
  readonly command: string
  /** The command lines with which it was called. */
  calls(): readonly string[]
}

/**
 * @param branches of a shell's `case` on the command's first word, before those of a command that does well: `stop) exit 1 ;;`
 */
export function pretendXcluster(t: ExecutionContext, branches = ''): Pretended {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-xcluster-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true, force: true }))
  const command = path.join(directory, 'xcluster.sh')
  fs.mkdirSync(path.join(directory, 'tmp'))
  fs.writeFileSync(path.join(directory, 'hd.img'), '')
  const script = `#!/bin/sh
directory='${directory}'
echo "$*" >>"$directory/calls"
env >"$directory/env-of-$1"
case $1 in
${branches}
env)
  echo "XCLUSTER_HOME='$directory'"
  echo "XCLUSTER_TMP='$directory/tmp'"
  echo "XCLUSTER_OVLPATH='$directory/ovl'"
  echo "__mem='128'" ;;
ovld) echo "$directory/ovl/$2" ;;
esac
`
  fs.writeFileSync(command, script, { mode: 0o755 })
  const calls = () => {
    const file = path.join(directory, 'calls')
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
  }
  return { directory, command, calls }
}
