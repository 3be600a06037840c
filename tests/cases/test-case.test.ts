import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { testCases } from '../../scripts/cases/registry.ts'
import { fileOf } from '../../scripts/cases/test-case.ts'

test('every test names the file that defines it, as this repository does', t => {
  const top = path.resolve(import.meta.dirname, '../..')
  for (const each of testCases) {
    const file = fileOf(each)
    t.regex(file, /^scripts\/cases\/[\w-]+\.ts$/)
    const words = each.name.split('_')
    const text = fs.readFileSync(path.join(top, file), 'utf8')
    t.true(
      words.every(word => text.includes(word)),
      each.name,
    )
  }
})
