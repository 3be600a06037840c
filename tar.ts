#!/bin/sh
':' //; program=; case $0 in *..*) ;; /* | ./*) [ -L "$0" ] || program=$0 ;; esac; : "${program:=$(readlink -f -- "$0")}"; . "${program%/*}/scripts/launch/run.sh"
// sh runs the line above, which starts Node with this file; TypeScript reads it as a string and a comment.

import { Command } from 'commander'
import { runProgram } from './scripts/command-line/edge.ts'
import { applyVariables } from './scripts/command-line/variables.ts'
import { tar } from './scripts/commands/tar/command.ts'
import { callersEnvironment } from './scripts/host/environment.ts'

void runProgram('tar', async signal => {
  const command = new Command('tar').exitOverride()
  tar.define(command, { signal, setExitCode: () => {} })
  await applyVariables(command, callersEnvironment).parseAsync()
  return 0
}).then(() => {
  // A pending write to a stalled reader would keep a failed run alive.
  if (process.exitCode) process.exit()
})
