import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { fileOf } from '../../scripts/cases/test-case.ts'
import { testCases } from '../../scripts/runner/registry.ts'

test('a test is named after its folder, and names its definition as this repository does', t => {
  const top = path.resolve(import.meta.dirname, '../..')
  t.true(testCases.length > 10)
  for (const each of testCases) {
    const file = fileOf(each)
    t.is(file, `scripts/connections/${each.name}/definition.ts`)
    t.true(fs.existsSync(path.join(top, file)), file)
    t.regex(each.name, /^[A-Za-z]\w*$/)
  }
})
