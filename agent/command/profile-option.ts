// `--profile`, for every command that has it.

import { Option } from 'commander'
import { profiles } from '../policy/profile.ts'

export function profileOption(): Option {
  return new Option('--profile <cni>', 'where CNIs differ, follow this one')
    .choices([...profiles])
    .default('upstream')
}
