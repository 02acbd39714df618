import { connection } from './connection';
import { runs } from './runs';
import { settings } from './settings';
import { status } from './status';
import { trash } from './trash';

export default { settings, connection, runs, status, trash };
