import { direct } from '../ipvlan/direct.ts'

export default direct('macvlan')
