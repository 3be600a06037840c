import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { XMLParser } from 'fast-xml-parser'
import { pipelines } from '../docs/pipelines.ts'

const TOP = path.resolve(import.meta.dirname, '../..')
const NOT_CLONED = ['node_modules', '.git']

test('runs the commands of each pipeline of docs/ci.md, which write the files that it keeps', t => {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-ci-'))
  t.teardown(() => fs.rmSync(top, { recursive: true, force: true }))
  fs.cpSync(TOP, top, {
    recursive: true,
    verbatimSymlinks: true,
    filter: file => !NOT_CLONED.includes(path.relative(TOP, file)),
  })
  const ran = new Set<string>()
  for (const { name, commands, environment, kept } of pipelines()) {
    const summary = path.join(top, 'step-summary')
    const env = {
      ...process.env,
      ...environment,
      CI: 'true',
      XCLUSTER: '',
      XDG_STATE_HOME: top,
      GITHUB_STEP_SUMMARY: summary,
    }
    for (const command of commands) {
      // Later pipelines reuse the packages and the image of the first one.
      if (ran.has(command) && !command.includes(' test ')) continue
      ran.add(command)
      const { status, stderr } = spawnSync('bash', ['-e', '-c', command], { cwd: top, env, encoding: 'utf8' })
      t.is(status, 0, `${name}: ${command}: ${stderr}`)
    }
    for (const place of kept) t.true(fs.existsSync(path.join(top, place)), `${name}: ${place}`)
    const reports = path.join(top, 'reports')
    const junit = fs.readFileSync(path.join(reports, 'junit.xml'), 'utf8')
    const { testsuite } = new XMLParser({ ignoreAttributes: false }).parse(junit).testsuites
    t.like(testsuite, { '@_name': 'bridge', '@_failures': '0', '@_errors': '0' }, name)
    t.true(testsuite.testcase.length > 2, name)
    t.regex(fs.readFileSync(path.join(reports, 'report.html'), 'utf8'), /^<!doctype html>/i)
    t.is(JSON.parse(fs.readFileSync(path.join(reports, 'results/results.json'), 'utf8')).verdict, 'passed')
    t.regex(fs.readFileSync(path.join(top, 'netns.log'), 'utf8'), /bridge/)
    t.is(fs.existsSync(summary), name === 'GitHub Actions', 'the step summary')
    fs.rmSync(reports, { recursive: true })
    fs.rmSync(path.join(top, 'netns.log'))
    fs.rmSync(summary, { force: true })
  }
})
