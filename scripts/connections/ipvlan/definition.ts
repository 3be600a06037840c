import { direct } from './direct.ts'

export default direct('ipvlan')
