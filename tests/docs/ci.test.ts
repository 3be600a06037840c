import test from 'ava'
import { readReporting } from '../../scripts/reporters/reporting.ts'
import { pipelines } from './pipelines.ts'

for (const { name, commands, environment, kept, junit } of pipelines()) {
  test(`${name}: sets up, tests, and stores the reports`, t => {
    const [packages, setup, run, ...more] = commands
    t.deepEqual([packages, setup, more], ['npm ci', './netns.ts setup', []])
    t.regex(run ?? '', /^\.\/netns\.ts test .* > netns\.log$/)
    const { specs } = readReporting([environment.XCLUSTER_NETNS_REPORTER ?? ''], {}, undefined, {})
    const targets = specs.flatMap(({ target }) => target ?? [])
    t.deepEqual(targets, ['reports/junit.xml', 'reports/report.html'])
    t.deepEqual(kept, ['reports/', 'netns.log'])
    if (name === 'GitHub Actions') t.true(specs.some(spec => spec.name === 'github'))
    else t.is(junit, 'reports/junit.xml')
  })
}
