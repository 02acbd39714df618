import { connection } from './connection';
import { errors } from './errors';
import { plans } from './plans';
import { runs } from './runs';
import { settings } from './settings';
import { status } from './status';
import { trash } from './trash';

export default { settings, connection, errors, plans, runs, status, trash };
