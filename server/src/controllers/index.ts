import { runs } from './runs';
import { settings } from './settings';
import { status } from './status';

export default { settings, runs, status };
