#!/bin/sh
':' //; program=; case $0 in *..*) ;; /* | ./*) [ -L "$0" ] || program=$0 ;; esac; : "${program:=$(readlink -f -- "$0")}"; . "${program%/*}/scripts/launch/run.sh"
// sh runs the line above, which starts Node with this file; TypeScript reads it as a string and a comment.

import process from 'node:process'
import { runProgram } from './scripts/command-line/edge.ts'
import { makeProgram } from './scripts/commands/program.ts'

void runProgram('netns.ts', async signal => {
  let exitCode = 0
  if (process.argv.length === 2) process.argv.push('help')
  const program = makeProgram({
    signal,
    setExitCode: code => {
      exitCode = code
    },
  })
  await program.parseAsync()
  return exitCode
})
