import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { RECEIVE, SEND, STAGE, STAT } from '../../scripts/copy/scripts.ts'
import { shellScript } from '../../scripts/host/shell-script.ts'
import { temporaryDirectory } from '../ovl/fixtures/archives.ts'

test('concatenates files in order, without comments', t => {
  const directory = temporaryDirectory(t)
  fs.writeFileSync(path.join(directory, 'one.sh'), '# shellcheck shell=sh\nsay() {\n\t# Twice.\n\techo "$1#$1"\n}\n')
  fs.writeFileSync(path.join(directory, 'two.sh'), 'say "$1"\n')
  const script = shellScript(directory, 'one.sh', 'two.sh')
  t.is(script, 'say() {\n\techo "$1#$1"\n}\nsay "$1"\n')
  t.is(execFileSync('/bin/sh', ['-c', script, 'sh', 'x'], { encoding: 'utf8' }), 'x#x\n')
})

test('the scripts of cp leave room for file names in the command of an ssh server', t => {
  for (const script of [RECEIVE, SEND, STAGE, STAT]) t.true(script.length < 4096, String(script.length))
})
